"""Working days, and the choice of one account for each role."""

from __future__ import annotations

from datetime import date

import pytest

from citizen_app.demo.rules import Account, one_of_each_role, working_day
from citizen_app.policy import Role

FRIDAY = date(2026, 11, 20)
SATURDAY = date(2026, 11, 21)
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("today", "number", "day"),
    [
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, MONDAY),
        (FRIDAY, -1, date(2026, 11, 19)),
        (FRIDAY, 6, date(2026, 11, 30)),
        (SATURDAY, 0, MONDAY),
        (SATURDAY, 1, MONDAY),
        (SATURDAY, -1, FRIDAY),
        (MONDAY, -1, FRIDAY),
        (MONDAY, -6, date(2026, 11, 13)),
    ],
)
def test_working_days_leave_the_weekend_out(today: date, number: int, day: date) -> None:
    assert working_day(today, number) == day


def test_the_first_account_of_each_role_is_chosen_in_the_order_of_the_roles() -> None:
    mette = Account(Role.CASE_WORKER, "Mette Holt", "da", "mette")
    amina = Account(Role.CITIZEN, "Amina Khalil", "ar", "amina")
    grace = Account(Role.CITIZEN, "Grace Owusu", "en", "grace")
    assert one_of_each_role([mette, amina, grace]) == [amina, mette]
