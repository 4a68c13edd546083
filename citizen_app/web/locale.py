"""Languages of a request: which one, its direction, its catalogue, and dates and clocks in it.

The reader whom an address tells comes first (a mentor's link), then a signed-in person's language, then what was
chosen on this phone, then what the browser asks for, then Danish. Formatted dates are kept per language and day,
because Babel is slow and days are few.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.support import NullTranslations, Translations
from flask import Flask, g, request, session
from flask_babel import Babel, refresh
from flask_login import current_user

from citizen_app.config import LANGUAGES, PROJECT_ROOT, STAFF_LANGUAGES

CATALOGUES = PROJECT_ROOT / "translations"
DOMAINS = ("staff", "messages")
"""Where both say a sentence, the citizens' words hold."""
DEFAULT_LANGUAGE = "da"


def init_app(app: Flask) -> None:
    app.config["BABEL_DOMAIN"] = ";".join(DOMAINS)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join([str(CATALOGUES)] * len(DOMAINS))
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT_LANGUAGE
    Babel(app, locale_selector=current_language, configure_jinja=False)


def current_language() -> str:
    """Return the language of this request, always one of LANGUAGES."""
    if "language" in g:
        return str(g.language)
    if current_user and current_user.is_authenticated:
        language: str = current_user.language
        return staff_language(language) if current_user.is_staff else language
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(list(LANGUAGES)) or DEFAULT_LANGUAGE


def read_in(language: str) -> None:
    """Let the rest of this request be in a language, whoever is signed in on this browser."""
    g.language = language if language in LANGUAGES else DEFAULT_LANGUAGE
    refresh()


def staff_language(language: str) -> str:
    """Return the language in which staff read the app: Danish, or else English."""
    return language if language in STAFF_LANGUAGES else "en"


@lru_cache
def catalogue(language: str) -> NullTranslations:
    """Return the language's translations, citizens' and staff's sentences together."""
    staff, citizens = (Translations.load(str(CATALOGUES), [language], domain) for domain in DOMAINS)
    if isinstance(staff, Translations) and isinstance(citizens, Translations):
        staff.merge(citizens)
        return staff
    return citizens


@lru_cache
def direction(language: str) -> str:
    """Return `rtl` or `ltr`, the direction the language is written in."""
    return Locale.parse(language).text_direction


@lru_cache
def language_name(language: str, named: str) -> str:
    """Return the name of a language in another language: how `ar` is called in `da`."""
    return str(Locale.parse(language).languages.get(named, LANGUAGES[named]))


@lru_cache
def zone(name: str) -> tzinfo:
    return ZoneInfo(name)


@lru_cache(maxsize=4096)
def long_day(day: date, language: str) -> str:
    """Return weekday, day and month: `onsdag 25. november`.

    Babel's own patterns shorten the weekday in some languages, and a weak reader needs it whole.
    """
    return f"{weekday(day, language)} {format_skeleton('MMMMd', day, locale=_format_locale(language))}"


@lru_cache(maxsize=4096)
def weekday(day: date, language: str) -> str:
    return format_date(day, "EEEE", locale=_format_locale(language))


@lru_cache(maxsize=1024)
def month(day: date, language: str) -> str:
    return format_date(day, "MMMM", locale=_format_locale(language))


@lru_cache(maxsize=4096)
def short_day(day: date, language: str) -> str:
    """Return day, month and year for lists: `25. nov. 2026`."""
    return format_date(day, "medium", locale=_format_locale(language))


def _format_locale(language: str) -> str:
    """English dates are written as in Europe, the day before the month."""
    return "en_GB" if language == "en" else language


def clock(moment: datetime, timezone: str, language: str) -> str:
    """Return the wall clock in the person's zone, always with 24 hours, as Danish workplaces write it."""
    local = moment.astimezone(zone(timezone))
    return f"{local.hour:02d}.{local.minute:02d}" if language == "da" else f"{local.hour:02d}:{local.minute:02d}"


def local_date(moment: datetime, timezone: str) -> date:
    return moment.astimezone(zone(timezone)).date()
