"""Who may do what: roles, permissions, predicates, one table, `can()`.

Read from top to bottom. Views name a permission and never a role. A permission about a citizen is decided with a
`Subject`, the few facts about that citizen that decide; what the actor may not even see is kept out earlier, by
queries that are limited to the actor's own municipality and people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    CITIZEN = "citizen"
    CASE_WORKER = "case_worker"
    JOB_CONSULTANT = "job_consultant"
    COMPANY_CONSULTANT = "company_consultant"
    YOUTH_COORDINATOR = "youth_coordinator"
    CTI_WORKER = "cti_worker"
    DANISH_TEACHER = "danish_teacher"
    MENTOR = "mentor"
    ADMINISTRATOR = "administrator"


PLAN_STAFF = frozenset({Role.CASE_WORKER, Role.JOB_CONSULTANT, Role.YOUTH_COORDINATOR, Role.CTI_WORKER})
"""Staff who write goals together with a citizen."""

STAFF = PLAN_STAFF | {Role.COMPANY_CONSULTANT, Role.DANISH_TEACHER}


class Permission(StrEnum):
    SEE_OWN_PAGES = "see_own_pages"
    """One's own start page, goals, meetings and people, as a citizen."""
    USE_ACCOUNT = "use_account"
    """One's own settings, words and sign-out, whoever one is."""
    GET_MESSAGES = "get_messages"
    """Messages on one's own phone: before a meeting, or about a day that nobody has spoken of."""
    SEE_CASELOAD = "see_caseload"
    """The staff pages with one's own citizens."""
    SEE_CITIZEN = "see_citizen"
    """A citizen's plan, meetings and people."""
    WRITE_GOALS = "write_goals"
    """Propose, change, agree and close goals and steps."""
    HOLD_MEETINGS = "hold_meetings"
    """Make, move and cancel meetings with a citizen."""
    ARRANGE_PLACEMENTS = "arrange_placements"
    """Make and change a citizen's placements and days, invite mentors, settle what was said of a day."""
    SEE_WORKPLACES = "see_workplaces"
    """The workplaces of the municipality, their contact people, and who could take one more."""
    SPEAK_OF_DAYS = "speak_of_days"
    """Say of a planned day whether the citizen came: as herself or as her mentor."""
    SPEAK_OF_WORK = "speak_of_work"
    """Agree to the work agreement, and say how focus points and small steps at the workplace go: from each side."""
    CONFIRM_HOURS = "confirm_hours"
    """Say how long a citizen's lessons or other agreed hours were in a week."""
    SEE_FIGURES = "see_figures"
    """How often people come to meetings, over the whole municipality and without names."""
    CONNECT_PHONE = "connect_phone"
    """Show a code that signs a citizen's phone in, and sign a lost phone out."""
    SEE_MENTEES = "see_mentees"
    """First names and languages of the people one is a mentor for."""
    SEE_WORDS = "see_words"
    """Which words a citizen knows and has used at work."""
    SUGGEST_WORDS = "suggest_words"
    """Bring in a word from a citizen's workplace, with photo and voice."""
    MARK_USED = "mark_used"
    """Say that a citizen used a word at work."""
    MANAGE_WORDS = "manage_words"
    """The municipality's decks: translations, recordings, photos, import and export."""
    PAUSE_REMINDERS = "pause_reminders"
    """Switch a citizen's reminders off, with a reason, and on again."""
    SET_REMINDERS = "set_reminders"
    """The municipality's rules of when citizens are reminded."""
    SEE_ACCOUNTS = "see_accounts"
    """All accounts of the municipality by name and role, and sign their devices out; not their plans."""


@dataclass(frozen=True)
class Actor:
    """Who is asking: a signed-in person, with what every page needs to know of them."""

    person_id: int
    municipality_id: int
    role: Role
    given_name: str
    language: str
    second_language: str | None
    timezone: str
    easy_reading: bool
    text_size: str
    product_name: str
    sign_in_id: int

    @property
    def reading_languages(self) -> tuple[str, ...]:
        """Languages to read in, best first; Danish always ends the list."""
        wished = (self.language, self.second_language, "da")
        return tuple(dict.fromkeys(language for language in wished if language))

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    @property
    def writing_language(self) -> str:
        """The language a person writes in: staff write Danish, whatever language they read the app in."""
        return "da" if self.is_staff else self.language


@dataclass(frozen=True)
class Subject:
    """What decides about one citizen: whose she is and who works with her today."""

    municipality_id: int
    citizen_id: int
    worker_ids: frozenset[int] = frozenset()


Predicate = Callable[[Actor, Subject], bool]


def is_self(actor: Actor, subject: Subject) -> bool:
    return actor.municipality_id == subject.municipality_id and actor.person_id == subject.citizen_id


def works_with(actor: Actor, subject: Subject) -> bool:
    return actor.municipality_id == subject.municipality_id and actor.person_id in subject.worker_ids


def is_in_same_municipality(actor: Actor, subject: Subject) -> bool:
    return actor.municipality_id == subject.municipality_id


def _each(roles: frozenset[Role], predicate: Predicate) -> dict[Role, Predicate]:
    return dict.fromkeys(roles, predicate)


TABLE: Mapping[Permission, Mapping[Role, Predicate]] = {
    Permission.SEE_OWN_PAGES: {Role.CITIZEN: is_self},
    Permission.USE_ACCOUNT: _each(frozenset(Role), is_self),
    Permission.GET_MESSAGES: {Role.CITIZEN: is_self, Role.MENTOR: is_self},
    Permission.SEE_CASELOAD: _each(STAFF, is_in_same_municipality),
    Permission.SEE_CITIZEN: {Role.CITIZEN: is_self, **_each(STAFF, works_with)},
    Permission.WRITE_GOALS: {Role.CITIZEN: is_self, **_each(PLAN_STAFF, works_with)},
    Permission.HOLD_MEETINGS: _each(PLAN_STAFF | {Role.COMPANY_CONSULTANT}, works_with),
    Permission.ARRANGE_PLACEMENTS: _each(PLAN_STAFF | {Role.COMPANY_CONSULTANT}, works_with),
    Permission.SEE_WORKPLACES: _each(STAFF | {Role.ADMINISTRATOR}, is_in_same_municipality),
    Permission.SPEAK_OF_DAYS: {Role.CITIZEN: is_self, Role.MENTOR: works_with},
    Permission.SPEAK_OF_WORK: {
        Role.CITIZEN: is_self,
        Role.MENTOR: works_with,
        **_each(PLAN_STAFF | {Role.COMPANY_CONSULTANT}, works_with),
    },
    Permission.CONFIRM_HOURS: _each(STAFF, works_with),
    Permission.SEE_FIGURES: _each(STAFF | {Role.ADMINISTRATOR}, is_in_same_municipality),
    Permission.CONNECT_PHONE: _each(STAFF, works_with),
    Permission.SEE_MENTEES: {Role.MENTOR: is_in_same_municipality},
    Permission.SEE_WORDS: {Role.CITIZEN: is_self, **_each(STAFF | {Role.MENTOR}, works_with)},
    Permission.SUGGEST_WORDS: {Role.CITIZEN: is_self, **_each(STAFF | {Role.MENTOR}, works_with)},
    Permission.MARK_USED: {Role.CITIZEN: is_self, Role.MENTOR: works_with},
    Permission.MANAGE_WORDS: _each(STAFF | {Role.ADMINISTRATOR}, is_in_same_municipality),
    Permission.PAUSE_REMINDERS: _each(PLAN_STAFF, works_with),
    Permission.SET_REMINDERS: {Role.ADMINISTRATOR: is_in_same_municipality},
    Permission.SEE_ACCOUNTS: {Role.ADMINISTRATOR: is_in_same_municipality},
}


def has_role_for(actor: Actor, permission: Permission) -> bool:
    """Say whether the actor's role can ever have the permission; the route guard asks this before any query."""
    return actor.role in TABLE[permission]


def can(actor: Actor, permission: Permission, subject: Subject) -> bool:
    predicate = TABLE[permission].get(actor.role)
    return predicate is not None and predicate(actor, subject)


class Refusal(Exception):
    """An act that the rules do not allow just now. Each room has its own kinds; `web/errors.py` explains them."""

    status = 409


class Forbidden(Refusal):
    """The actor may read this, but not do that."""

    status = 403


class NotFound(Refusal):
    """There is no such thing that the actor may know of."""

    status = 404


def check(actor: Actor, permission: Permission, subject: Subject) -> None:
    """Raise Forbidden unless the actor has the permission for the subject."""
    if not can(actor, permission, subject):
        raise Forbidden
