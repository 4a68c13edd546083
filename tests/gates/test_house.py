"""The house rules that no ready-made tool knows: drawers, stylesheets, templates, docstrings, addresses.

Each rule is a small function from a text to what is wrong in it, tried on bad examples too, so that a gate
that has stopped looking is noticed.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from citizen_app.config import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "citizen_app"

TOP_LEVEL = set("__init__ app cli config db policy serve worker wsgi".split())
DRAWERS = set("__init__ rules models queries actions forms jobs views".split())
EXTRA_DRAWERS = {"people": {"actor"}, "push": {"delivery"}, "reminders": {"delivery"}}
FREE_ROOMS = {"web", "staff", "mentor", "migrations"}
"""The web kit has a module per purpose, the staff's and mentor's screens one per page, migrations are Alembic's."""
BANNED_NAMES = set("util utils helper helpers common service services core misc manager managers".split())

PHYSICAL_CSS = [
    r"(?:scroll-)?(?:margin|padding)-(?:left|right|top|bottom)\s*:",
    r"border-(?:left|right|top|bottom)[\w-]*\s*:",
    r"(?<![\w-])(?:left|right|top|bottom|(?:(?:min|max)-)?(?:width|height))\s*:",
    r"(?:text-align|text-align-last|float|clear|caption-side)\s*:\s*(?:left|right)\b",
    r"(?:background-position|transform-origin|object-position)[\w-]*\s*:[^;}]*\b(?:left|right)\b",
]
FOUR_SIDES = r"(?<![\w-])(?:(?:scroll-)?(?:margin|padding)|inset)\s*:\s*" + r"\s+".join([r"([^\s;{}]+)"] * 4)

BANNED_IN_TEMPLATES = {
    "hx-on needs eval": r"hx-on[:\w-]*\s*=",
    "hx-vars needs eval": r"hx-vars\s*=",
    "js: and javascript: values need eval": r"[\"'\s]\s*(?:js|javascript):",
    "a trigger filter needs eval": r"hx-trigger\s*=\s*(\"[^\"]*\[|'[^']*\[)",
    "an inline style is refused by the CSP": r"<style\b|\sstyle\s*=",
    "an inline script is refused by the CSP": r"<script\b(?![^>]*\b(?:src|type=\"application/json\"))",
    "an inline handler is refused by the CSP": r"\son[a-z]+\s*=",
}

# Hosts of package registries, and folders where a developer's machine keeps projects.
FOREIGN_ADDRESSES = r"(?:npmjs|pypi|pythonhosted)\.(?:org|com|io)|(?<![\w.:/-])/(?:work|root|Users)/\w"


# --- Rooms and drawers --------------------------------------------------------------------------------------


def misplaced_files(package: Path) -> Iterator[str]:
    for file in sorted(package.rglob("*.py")):
        place = file.relative_to(package)
        room = place.parts[0]
        allowed = DRAWERS | EXTRA_DRAWERS.get(room, set())
        if file.stem in BANNED_NAMES or BANNED_NAMES.intersection(place.parts):
            yield f"{place}: name it after what it is for"
        elif len(place.parts) == 1 and file.stem not in TOP_LEVEL:
            yield f"{place}: not a module of the top level; it belongs in a room"
        elif len(place.parts) > 1 and room not in FREE_ROOMS and (len(place.parts) > 2 or file.stem not in allowed):
            yield f"{place}: rooms have no such drawer"


def test_every_file_lies_in_a_drawer() -> None:
    assert list(misplaced_files(PACKAGE)) == []


@pytest.mark.parametrize("name", ["goals/utils.py", "goals/service.py", "goals/extra.py", "speed.py", "core/rules.py"])
def test_a_file_outside_the_drawers_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert len(list(misplaced_files(tmp_path))) == 1


# --- Stylesheets --------------------------------------------------------------------------------------------


def physical_css(text: str) -> Iterator[str]:
    """Declarations that name a side of the screen: they do not mirror for Arabic and Persian."""
    for aside in (r"/\*.*?\*/", r"@(?:media|container|supports)[^{]*"):
        text = re.sub(aside, "", text, flags=re.DOTALL)
    for pattern in PHYSICAL_CSS:
        yield from (match.group() for match in re.finditer(pattern, text))
    for match in re.finditer(FOUR_SIDES, re.sub(r"\([^()]*\)", "()", text)):
        if match.group(2) != match.group(4):
            yield match.group()


def test_stylesheets_use_logical_properties_only() -> None:
    assert findings(physical_css, project_files("static/css/**/*.css")) == []


@pytest.mark.parametrize(
    "declaration",
    [
        "margin-left: 1rem",
        "padding-top:0",
        "a { left: 0 }",
        "text-align: left",
        "float: right",
        "border-top-left-radius: 2px",
        "margin: 0 1px 0 2px;",
        "background-position: top right",
        "width: 100%",
    ],
)
def test_a_physical_declaration_is_found(declaration: str) -> None:
    assert list(physical_css(declaration))


@pytest.mark.parametrize(
    "declaration",
    [
        "margin-inline-start: 1rem",
        "text-align: start",
        "inset-inline: 0",
        "margin: 0 1px 0 1px; padding: 0",
        "padding: 0 1px; margin: 0",
        "border-width: 1px",
        "@media (min-width: 40rem) { a { inline-size: 2rem } }",
    ],
)
def test_a_logical_declaration_is_accepted(declaration: str) -> None:
    assert not list(physical_css(declaration))


# --- Templates ----------------------------------------------------------------------------------------------


def banned_markup(text: str) -> Iterator[str]:
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    for reason, pattern in BANNED_IN_TEMPLATES.items():
        yield from (f"{reason}: {match.group().strip()}" for match in re.finditer(pattern, text))


def test_templates_hold_no_inline_script_or_style() -> None:
    assert findings(banned_markup, project_files("templates/**/*")) == []


@pytest.mark.parametrize(
    "markup",
    [
        '<a hx-on:click="x">',
        "<a hx-vals='js:{a: 1}'>",
        '<a hx-trigger="click[ctrlKey]">',
        '<p style="color: red">',
        "<style>p {}</style>",
        "<script>go()</script>",
        '<button onclick="go()">',
        '<a href="javascript:go()">',
    ],
)
def test_banned_markup_is_found(markup: str) -> None:
    assert list(banned_markup(markup))


def test_allowed_markup_is_accepted() -> None:
    script = '<script type="module" src="/a.js"></script>'
    link = '<a hx-get="/x" hx-trigger="load, changed from:body">x</a>'
    assert not list(banned_markup(script + link))


# --- Modules ------------------------------------------------------------------------------------------------


def test_every_module_says_what_it_is_for() -> None:
    modules = project_files("citizen_app/**/*.py", "tests/**/*.py", "bench/**/*.py")
    texts = ((file, file.read_text(encoding="utf-8")) for file in modules)
    silent = [str(file) for file, text in texts if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert silent == []


# --- Addresses ----------------------------------------------------------------------------------------------


def foreign_addresses(text: str) -> Iterator[str]:
    yield from (match.group() for match in re.finditer(FOREIGN_ADDRESSES, text))


def test_no_file_names_a_machine_or_a_registry() -> None:
    assert findings(foreign_addresses, kept_files()) == []


def test_lock_files_hold_no_address_at_all() -> None:
    locks = project_files("*.lock", "package-lock.json")
    assert len(locks) == 4
    assert findings(lambda text: re.findall(r"https?://\S+", text), locks) == []


@pytest.mark.parametrize("host", ["pypi", "registry.npmjs"])
def test_a_registry_is_found(host: str) -> None:
    assert list(foreign_addresses(f"https://{host}.org/simple"))


# --- Reading the project ------------------------------------------------------------------------------------


def project_files(*patterns: str) -> list[Path]:
    """Files of these patterns that belong to the project, not what set-up made beside them."""
    files = {file for pattern in patterns for file in PROJECT_ROOT.glob(pattern) if file.is_file()}
    return sorted(files & set(kept_files()))


def kept_files() -> list[Path]:
    """What git keeps or would keep."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    return [file for name in listed.split("\0") if name and (file := PROJECT_ROOT / name).is_file()]


def findings(rule: Callable[[str], Iterable[str]], files: Iterable[Path]) -> list[str]:
    found = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a sound
        found += [f"{file.relative_to(PROJECT_ROOT)}: {wrong}" for wrong in rule(text)]
    return found
