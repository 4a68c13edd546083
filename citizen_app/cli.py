"""The rooms' jobs and actions as commands.

A command reads its arguments, opens one transaction, calls one action and says in a line what has happened.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from citizen_app.config import PROJECT_ROOT, Settings
from citizen_app.db import migrate, reading_session, writing_session
from citizen_app.demo.actions import DemoIsLoaded, load
from citizen_app.demo.forms import read_story
from citizen_app.demo.queries import accounts, has_municipality
from citizen_app.demo.rules import Account, one_of_each_role
from citizen_app.imports.actions import BadSheet, create_municipality, import_people
from citizen_app.imports.forms import read_sheet
from citizen_app.imports.queries import municipality_with_key
from citizen_app.imports.rules import Fault, Flaw
from citizen_app.people.actions import set_password
from citizen_app.people.queries import person_with_username
from citizen_app.serve import Address, StartError
from citizen_app.sounds.actions import VoiceMissing, make_voices
from citizen_app.staff.word_faults import sentence_of
from citizen_app.web import assets
from citizen_app.words.actions import spoken
from citizen_app.words.queries import SOUNDS, deck_faults, shipped
from citizen_app.words.rules import DECKS

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
SHOWN_FAULTS = 200

people_group = AppGroup("people", help="Accounts and who works with whom.")
words_group = AppGroup("words", help="The Danish words.")
push_group = AppGroup("push", help="Messages to phones.")
demo_group = AppGroup("demo", help="A made-up municipality to try the app with.")


def init_app(app: Flask) -> None:
    groups = (people_group, words_group, push_group, demo_group)
    for command in (migrate_command, assets_command, *groups, worker_command):
        app.cli.add_command(command)


@contextmanager
def transaction() -> Iterator[Session]:
    """Give a session that commits when all went well."""
    with writing_session(current_app.extensions["engine"]) as session, session.begin():
        yield session


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database's tables up to date."""
    settings: Settings = current_app.config["SETTINGS"]
    migrate(settings.database_url)


@click.command("assets")
def assets_command() -> None:
    """Copy htmx and the pictures in use to static/vendor."""
    click.echo(f"{assets.copy_vendor_files()} files copied.")


@click.command("worker")
def worker_command() -> None:
    """Do the background work until it is stopped (Ctrl-C or SIGTERM)."""
    from citizen_app import worker  # the job engine takes a second to load; other commands need not wait

    worker.run(current_app.config["SETTINGS"])


@words_group.command("sounds")
def sounds_command() -> None:
    """Make the sound files of the words with a computer voice (needs espeak-ng)."""
    try:
        number = make_voices(((word.key, spoken(word)) for word in shipped().values()), SOUNDS)
    except VoiceMissing as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Sounds of {number} words made.")


@words_group.command("check")
def check_command() -> None:
    """Check the decks: doubles, wrong forms, missing pictures and sounds, long examples."""
    faults = [(deck, fault) for deck in DECKS for fault in deck_faults(deck)]
    for deck, fault in faults:
        click.echo(f"{deck}.csv, line {fault.line}, {fault.field}: {sentence_of(fault)}", err=True)
    if faults:
        raise click.ClickException(f"{_counted(len(faults), 'fault')}.")
    click.echo(f"{len(DECKS)} decks with {len(shipped())} words: all well.")


@push_group.command("keys")
def push_keys_command() -> None:
    """Make the key by which push services know this app, once for all its machines."""
    from citizen_app.push.delivery import make_private_key  # brings the HTTP client, which other commands do not need

    file = PROJECT_ROOT / "var" / "vapid.pem"
    file.parent.mkdir(exist_ok=True)
    try:
        file.touch(mode=0o600, exist_ok=False)
        file.write_bytes(make_private_key())
    except FileExistsError as error:
        raise click.ClickException(
            "var/vapid.pem is there already. With another key every phone must connect anew; if you mean it, "
            "remove the file first."
        ) from error
    click.echo(
        "The key is in var/vapid.pem. All machines of this app need the same one: copy the file to var/ on each, "
        "or set VAPID_PRIVATE_KEY to what is in it. Keep it secret."
    )


@people_group.command("set-password")
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
def set_password_command(username: str, password_stdin: bool) -> None:
    """Give a person a new password."""
    settings: Settings = current_app.config["SETTINGS"]
    with transaction() as session:
        person = person_with_username(session, username)
        if person is None:
            raise click.ClickException("Nobody has this user name.")
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise click.ClickException(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
        set_password(person, password, cost=settings.password_cost)
    click.echo("The password is set.")


@people_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--municipality", "key", required=True, metavar="KEY", help="Such as lillestad.")
@click.option("--create-municipality", "name", metavar="NAME", help="Make the municipality if it is not there.")
def import_command(file: Path, key: str, name: str | None) -> None:
    """Bring in people and who works with whom from a CSV file.

    The first row names the columns. The column `record` says what a row is:

    \b
    person    id, role, given_name, language; and as far as known family_name,
              second_language, interpreter, easy_reading, phone, email, username,
              spoken_languages, working_hours, ended_on (no sign-in from this day)
    relation  citizen_id, person_id, relation, from; and as far as known
              to (the last day), contact (the one person to call first)

    `id` is the person's key in your own system, never a CPR number. Danish column names (fornavn, sprog,
    telefon ...), ja and nej, dates like 31-12-2026, semicolons and files from Danish Excel are read too.

    All rows are checked first; when one is wrong, nothing is changed. Repeating an import updates: a column
    that the file does not have stays as it is, an empty cell empties, people who are not in the file stay.
    """
    sheet = read_sheet(file.read_bytes())
    try:
        with transaction() as session:
            municipality = municipality_with_key(session, key)
            if municipality is None:
                municipality = create_municipality(session, _checked_key(key), _checked_name(name, key))
            summary = import_people(session, municipality.id, sheet)
    except BadSheet as bad:
        for fault in bad.faults[:SHOWN_FAULTS]:
            click.echo(fault_line(fault), err=True)
        raise click.ClickException(f"{_counted(len(bad.faults), 'fault')}. Nothing was changed.") from bad
    click.echo(
        f"People: {summary.new_people} new, {summary.changed_people} changed. "
        f"Relations: {summary.new_relations} new, {summary.changed_relations} changed."
    )


@demo_group.command("load")
@click.option("--if-empty", is_flag=True, help="Do nothing when any municipality is there.")
@click.option("--force", is_flag=True, help="Load it on a server that is served by https, too.")
def demo_load_command(if_empty: bool, force: bool) -> None:
    """Make the municipality Lillestad with twelve citizens, their plans and the people around them.

    Everybody in it has the same password, which is no secret, so a server with SECURE_COOKIES=yes refuses it.
    """
    settings: Settings = current_app.config["SETTINGS"]
    try:
        with transaction() as session:
            if if_empty and has_municipality(session):
                click.echo("A municipality is there already, so no demo was loaded.")
                return
            if settings.secure_cookies and not force:
                raise click.ClickException(
                    "Everybody knows the demo's password, and SECURE_COOKIES=yes says that this server is for "
                    "real people. Nothing was loaded. If you mean it: --force"
                )
            load(session, read_story(datetime.now(UTC)), password_cost=settings.password_cost)
    except DemoIsLoaded as loaded:
        raise click.ClickException("The demo municipality is there already. Nothing was changed.") from loaded
    except BadSheet as bad:
        lines = "; ".join(fault_line(fault) for fault in bad.faults)
        raise click.ClickException(f"The demo's people do not fit in: {lines} Nothing was changed.") from bad
    click.echo("The demo municipality is loaded.")


@demo_group.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="All accounts, as a list for programs.")
def demo_accounts_command(as_json: bool) -> None:
    """List how to sign in as the people of the demo, one of each role first."""
    story = read_story(datetime.now(UTC))
    with reading_session(current_app.extensions["engine"]) as session:
        found = accounts(session, story.municipality["key"])
    try:
        url = f"{Address.from_environment(os.environ).url}/sign-in"
    except StartError as error:
        raise click.ClickException(str(error)) from error
    first = one_of_each_role(found)
    others = [account for account in found if account not in first]
    if as_json:
        rows = [{**asdict(account), "password": story.password, "url": url} for account in first + others]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif not found:
        click.echo("No demo municipality is loaded, so there are no sign-ins to show.")
    else:
        click.echo(f"Sign in at {url} with the password {story.password} as\n")
        click.echo(_account_lines(first))
        click.echo(f"\nor as\n\n{_account_lines(others)}")


def _account_lines(shown: Sequence[Account]) -> str:
    return "\n".join(
        f"  {account.username:<10} {account.role.replace('_', ' '):<20} {account.name:<18} {account.language}"
        for account in shown
    )


def fault_line(fault: Fault) -> str:
    """Return where a fault is and what to do about it."""
    places = (f"line {fault.line}" if fault.line else "", fault.field)
    place = ", ".join(part for part in places if part) or "the file"
    sentence = FAULTS[fault.flaw].format(detail=fault.detail)
    return f"{place}: {sentence}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _checked_key(key: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", key):
        raise click.ClickException("A municipality's key has small letters, digits and dashes, at most 40.")
    return key


def _checked_name(name: str | None, key: str) -> str:
    if name is None:
        raise click.ClickException(f"There is no municipality {key}. Make it with --create-municipality NAME.")
    if not 1 <= len(name.strip()) <= 80:
        raise click.ClickException("A municipality's name has 1 to 80 characters.")
    return name.strip()


FAULTS = {
    Flaw.EMPTY_FILE: "there are no rows.",
    Flaw.NOT_TEXT: "this is not a text file in UTF-8 or cp1252. Save it as CSV.",
    Flaw.BROKEN_QUOTES: "a quotation mark is opened and not closed.",
    Flaw.MISSING_COLUMN: "this column is missing.",
    Flaw.UNKNOWN_COLUMN: "there is no such column.",
    Flaw.DOUBLE_COLUMN: "this column is there twice.",
    Flaw.TOO_MANY_CELLS: "the row has more cells than there are columns.",
    Flaw.UNKNOWN_RECORD: "must be person or relation.",
    Flaw.WRONG_RECORD: "must be empty in a {detail} row.",
    Flaw.MISSING: "must be filled in.",
    Flaw.TOO_LONG: "is too long; at most {detail} characters.",
    Flaw.UNKNOWN_ROLE: "there is no such role.",
    Flaw.UNKNOWN_LANGUAGE: "the app does not have this language.",
    Flaw.UNKNOWN_RELATION: "there is no such relation.",
    Flaw.NOT_YES_OR_NO: "must be yes or no.",
    Flaw.BAD_PHONE: "is not a phone number.",
    Flaw.BAD_EMAIL: "is not an e-mail address.",
    Flaw.BAD_USERNAME: "may have letters, digits and . @ + - _ only.",
    Flaw.BAD_DATE: "is not a date like 2026-12-31 or 31-12-2026.",
    Flaw.CPR_NUMBER: "looks like a CPR number, which must not be used here.",
    Flaw.DOUBLE_ID: "the same person is already on {detail}.",
    Flaw.USERNAME_TAKEN: "somebody else has this user name.",
    Flaw.CITIZEN_CHANGED: "a citizen cannot become something else, nor the other way round. Use a new id.",
    Flaw.END_BEFORE_START: "ends before it starts.",
    Flaw.UNKNOWN_PERSON: "nobody has this id, neither in the file nor in the municipality.",
    Flaw.NOT_A_CITIZEN: "is not a citizen.",
    Flaw.RELATION_DOES_NOT_FIT: "does not fit the person's role.",
    Flaw.DOUBLE_RELATION: "the same people have this relation on shared days already on {detail}.",
    Flaw.TWO_CONTACTS: "the citizen would have two contact persons at once.",
}
"""One sentence for each kind of fault; none repeats what stands in the cell."""
