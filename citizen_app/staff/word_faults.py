"""What is wrong with a word, in sentences: for taking in a file, for approving a word, and for a command."""

from __future__ import annotations

from flask_babel import gettext

from citizen_app.words.rules import Fault, Flaw


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    return sentence


def sentence_of(fault: Fault) -> str:
    """Say in English what is wrong and what to do."""
    return FAULTS[fault.flaw].replace("{detail}", fault.detail)


def translated(fault: Fault) -> str:
    """Say it in the reader's language."""
    return str(gettext(FAULTS[fault.flaw])).replace("{detail}", fault.detail)


FAULTS = {
    Flaw.EMPTY_FILE: N_("there are no rows."),
    Flaw.NOT_TEXT: N_("this is not a text file in UTF-8 or cp1252. Save it as CSV."),
    Flaw.BROKEN_QUOTES: N_("a quotation mark is opened and not closed."),
    Flaw.MISSING_COLUMN: N_("this column is missing."),
    Flaw.UNKNOWN_COLUMN: N_("there is no such column."),
    Flaw.DOUBLE_COLUMN: N_("this column is there twice."),
    Flaw.UNKNOWN_LANGUAGE: N_("the app does not have this language. It has {detail}."),
    Flaw.TOO_MANY_CELLS: N_("the row has more cells than there are columns."),
    Flaw.MISSING: N_("must be filled in."),
    Flaw.TOO_LONG: N_("is too long; at most {detail} characters."),
    Flaw.BAD_KEY: N_("may have small letters a to z, digits, - and _ only."),
    Flaw.NO_SUCH_CHOICE: N_("must be one of {detail}."),
    Flaw.NOUN_WITHOUT_ARTICLE: N_("a noun needs en or et."),
    Flaw.ARTICLE_WITHOUT_NOUN: N_("only a noun has an article."),
    Flaw.WRONG_ARTICLE_FORM: N_("does not fit the article: an en-word ends in -n, an et-word in -t."),
    Flaw.LONG_EXAMPLE: N_("has more than {detail} words."),
    Flaw.EXAMPLE_WITHOUT_WORD: N_("does not hold the word in any form."),
    Flaw.BAD_PICTURE: N_("is neither an OpenMoji code nor a drawing of the project (own-...)."),
    Flaw.BAD_DATE: N_("is not a date like 2026-12-31."),
    Flaw.DOUBLE_KEY: N_("the same key is already on line {detail}."),
    Flaw.DOUBLE_WORD: N_("the deck has this word already, with the key {detail}."),
    Flaw.DOUBLE_PICTURE: N_("the deck has this picture already, for the key {detail}."),
    Flaw.TAKEN_KEY: N_("this key belongs to a word from somebody's workplace. Choose another."),
    Flaw.LOST_LETTERS: N_("letters were lost when the file was saved. Save it as CSV UTF-8."),
    Flaw.NO_PICTURE: N_("the app does not have this picture. Leave it empty, and take a photo afterwards."),
    Flaw.NO_SOUND: N_("there are no sound files for this word."),
}
"""One sentence for each kind of fault."""
