"""Which reminders there are and what becomes of one."""

from __future__ import annotations

from enum import StrEnum


class ReminderKind(StrEnum):
    BOOKED = "booked"
    """A meeting has been made, or offered with several times to choose from."""
    MOVED = "moved"
    """A meeting has another time or place, and she is asked again."""
    CANCELLED = "cancelled"
    """A meeting does not take place; nobody shall set out for it."""
    WEEK = "week"
    """Seven days before a meeting."""
    EVENING = "evening"
    """The evening before, with the answers."""
    MORNING = "morning"
    """The same day: when to leave home."""
    MISSED = "missed"
    """A warm word after a meeting she did not come to."""
    GOAL = "goal"
    """A goal waits for her yes."""
    WORDS = "words"
    """Words to practise, for those who want to be told."""
    TEST = "test"
    """She tries whether her phone rings."""


class ReminderState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    """A push service, an SMS gateway or a mail server has taken it."""
    CALL = "call"
    """Nothing could reach her: staff call."""
    EXPIRED = "expired"
    """It would have come too late to be of use."""
    CANCELLED = "cancelled"
    """It no longer holds: the meeting was moved, cancelled or answered with "I cannot"."""


class Channel(StrEnum):
    PUSH = "push"
    SMS = "sms"
    MAIL = "mail"
    CALL = "call"
