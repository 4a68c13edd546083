"""The rooms' jobs and actions as commands."""

from __future__ import annotations

import click
from flask import Flask, current_app

from citizen_app.config import Settings
from citizen_app.db import migrate
from citizen_app.texts.queries import phrase_bank
from citizen_app.web import assets
from citizen_app.words.queries import core_deck


def init_app(app: Flask) -> None:
    app.cli.add_command(migrate_command)
    app.cli.add_command(assets_command)


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database's tables up to date."""
    settings: Settings = current_app.config["SETTINGS"]
    migrate(settings.database_url)


@click.command("assets")
def assets_command() -> None:
    """Copy htmx and the pictures in use to static/vendor."""
    pictures = {word.picture for word in core_deck() if word.picture}
    pictures |= {phrase.picture for phrase in phrase_bank().values()}
    click.echo(f"{assets.copy_vendor_files(pictures)} files copied.")
