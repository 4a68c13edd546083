"""When something happened that a phone has kept: as its own clock says, where that can be true."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

OLDEST: Final = timedelta(days=60)
"""A phone may have been without network so long; what it says happened earlier is not believed."""
AHEAD: Final = timedelta(minutes=5)
"""So far a phone's clock may go ahead of ours."""


def accepted_time(said: datetime | None, arrived: datetime, place: int = 0) -> datetime:
    """Return when something was said: as the phone says where that can be true, else when it arrived.

    `place` is its place among those that arrived together; it keeps their order.
    """
    if said is not None and arrived - OLDEST <= said <= arrived + AHEAD:
        return said
    return arrived + timedelta(microseconds=place)
