"""A citizen's weeks on staff's side: reading, agreeing, confirming in place, and the sheet."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from citizen_app.ledger.models import AgreedHours
from citizen_app.people.models import AccessLogEntry
from tests.ledgers import Ledger, ledger
from tests.placed import Placed, placed
from tests.plan import HTMX, ON_SQLITE, Plan

__all__ = ["ledger", "placed"]
ClientOf = Callable[[str], FlaskClient]
MINUTE = timedelta(minutes=1)


def address(ledger: Ledger, more: str = "") -> str:
    return f"/staff/citizens/{ledger.plan.cast.selam}/ledger{more}"


def confirm(client: FlaskClient, ledger: Ledger, number: int = 0, headers: Any = None, **typed: Any) -> Any:
    hours = typed.pop("hours_id", ledger.hours.id)
    data = {"id": uuid4().hex, "monday": str(ledger.monday(number)), **typed}
    return client.post(address(ledger, f"/hours/{hours}"), data=data, headers=headers)


def typed_hours(ledger: Ledger, **more: str) -> dict[str, str]:
    return {
        "kind": "job_search",
        "hours": "2",
        "quarter": "30",
        "starts_on": str(ledger.monday()),
        "last_day": str(ledger.monday(4)),
        "place": "Biblioteket",
        **more,
    }


def agreed(plan: Plan) -> list[Any]:
    return plan.all(select(AgreedHours.kind, AgreedHours.weekly_minutes, AgreedHours.last_day).order_by(AgreedHours.id))


# --- Reading ------------------------------------------------------------------------------------------------


def test_the_page_shows_both_sides_and_is_logged(ledger: Ledger, placed: Placed, mette: FlaskClient) -> None:
    ledger.says(600, words="Jeg var der")
    page = mette.get(address(ledger)).text
    for sight in ("Cafe Solsikken", "Danish lessons", "Sprogskolen", "planned 10 h, confirmed 0 h", "Jeg var der"):
        assert sight in page
    assert "Waits for staff" in page
    assert "Confirm 10 h" in page
    assert [one[0] for one in placed.plan.all(select(AccessLogEntry.what))] == ["hours"]
    for other in (f"/staff/citizens/{placed.plan.cast.selam}", f"/staff/placements/{placed.placement.id}"):
        assert f'href="{address(ledger)}"' in mette.get(other).text


def test_a_teacher_confirms_hours_but_reads_no_word_and_agrees_none(ledger: Ledger, client_of: ClientOf) -> None:
    ledger.plan.speak("karen", "en")
    ledger.says(600, now=ledger.plan.now - 2 * MINUTE, words="Kun til Mette")
    ledger.confirms(480, now=ledger.plan.now - MINUTE, words="Kun til Selam")
    karen = client_of("karen")
    page = karen.get(address(ledger)).text
    assert "planned 10 h, confirmed 8 h" in page
    for secret in ("Kun til", "Agree hours", "Change the last day"):
        assert secret not in page.split("<main")[1].split("</main>")[0]
    assert karen.get(address(ledger, "/weeks.csv")).status_code == 200
    assert confirm(karen, ledger, minutes="600", seen=ledger.words()[-1].id).status_code == 303
    assert "planned 10 h, confirmed 10 h" in karen.get(address(ledger)).text
    assert karen.post(address(ledger), data=typed_hours(ledger)).status_code == 403
    assert karen.post(address(ledger, f"/hours/{ledger.hours.id}/remove")).status_code == 403
    assert karen.post(address(ledger, f"/hours/{ledger.hours.id}/last-day"), data={}).status_code == 403
    assert len(agreed(ledger.plan)) == 1


@pytest.mark.parametrize(("name", "status"), [("anders", 404), ("bodil", 403), ("jens", 403), ("selam", 404)])
def test_strangers_find_nothing(ledger: Ledger, client_of: ClientOf, name: str, status: int) -> None:
    client = client_of(name)
    for more in ("", "/weeks.csv", "?weeks=10000", "?before=x"):
        assert client.get(address(ledger, more)).status_code == status
    expected = {404: {404}, 403: {403}}[status] if name != "selam" else {403}
    assert {confirm(client, ledger, minutes="600").status_code} == expected
    assert ledger.words() == []


def test_the_sheet_has_a_row_for_each_kind_and_no_formula(ledger: Ledger, placed: Placed, mette: FlaskClient) -> None:
    ledger.agree("other", 90, place="=1+1")
    ledger.says(600)
    ledger.confirms(600, now=ledger.plan.now + MINUTE)
    response = mette.get(address(ledger, "/weeks.csv"))
    rows = list(csv.reader(io.StringIO(response.text.removeprefix("\ufeff"))))
    this = [row[1:] for row in rows if row[0] == str(ledger.monday())]
    assert rows[0][:5] == ["Week from", "What for", "Where", "Hours planned", "Hours confirmed"]
    assert this[0][:2] == ["Workplace", "Cafe Solsikken"]
    assert this[1:] == [
        ["Danish lessons", "Sprogskolen", "10.0", "10.0", "Both say the same"],
        ["Other hours", "'=1+1", "1.5", "0.0", "Nobody has said anything yet"],
    ]
    assert placed.plan.all(select(AccessLogEntry.what)) == [("hours",)]


# --- Agreed hours -------------------------------------------------------------------------------------------


def test_hours_are_agreed_and_stand_in_the_week(ledger: Ledger, mette: FlaskClient) -> None:
    data = typed_hours(ledger, request_id="twice")
    for _time in range(2):
        response = mette.post(address(ledger), data=data)
        assert (response.status_code, response.location) == (303, address(ledger))
    assert agreed(ledger.plan)[1:] == [("job_search", 150, ledger.monday(4))]
    page = mette.get(address(ledger)).text
    assert "planned 2.5 h, confirmed 0 h" in page
    assert "Biblioteket" in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hours": "61"}, "Write a number of hours from 0 to 60"),
        ({"hours": "60"}, "Write a number of hours from 0 to 60"),
        ({"hours": "-3"}, "Write a number of hours from 0 to 60"),
        ({"hours": "0", "quarter": "0"}, "Write a number of hours from 0 to 60"),
        ({"hours": ""}, "Write a number of hours from 0 to 60"),
        ({"quarter": "20"}, "We did not understand this answer."),
        ({"last_day": "2020-01-01"}, "The last day lies before the first."),
        ({"last_day": "9999-12-31"}, "Hours are agreed for two years at most."),
        ({"starts_on": "x"}, "We did not understand this answer."),
        ({"kind": "holiday"}, "We did not understand this answer."),
        ({"place": "Hos 010190-1234"}, "Please do not write a CPR number here."),
        ({"place": "x" * 81}, "This is too long."),
    ],
)
def test_hours_that_cannot_be_are_said_and_nothing_typed_is_lost(
    ledger: Ledger, mette: FlaskClient, wrong: dict[str, str], sentence: str
) -> None:
    response = mette.post(address(ledger), data=typed_hours(ledger, **wrong))
    assert response.status_code == 422
    assert sentence in html.unescape(response.text)
    assert wrong.get("place", "Biblioteket") in response.text
    assert len(agreed(ledger.plan)) == 1


def test_the_last_day_moves_unless_a_later_week_was_told(ledger: Ledger, mette: FlaskClient) -> None:
    ledger.says(600)
    where = address(ledger, f"/hours/{ledger.hours.id}/last-day")
    seen = str(ledger.hours.last_day)

    def send(day: str, seen: str = seen) -> Any:
        return mette.post(where, data={"last_day": day, "seen": seen})

    refused = send(str(ledger.monday() - timedelta(days=1)))
    assert refused.status_code == 422
    assert "Somebody has spoken of a later week" in refused.text
    for wrong, sentence in (("", "Choose a day."), ("2020-01-01", "before the first"), ("9999-12-31", "two years")):
        response = send(wrong)
        assert (response.status_code, sentence in response.text) == (422, True)
    assert send(str(ledger.monday(2))).status_code == 303
    stale = send(str(ledger.monday(3)))
    assert stale.status_code == 409
    assert f'value="{ledger.monday(3)}"' in stale.text
    assert agreed(ledger.plan)[0][2] == ledger.monday(2)


def test_hours_are_taken_away_while_nobody_has_spoken(ledger: Ledger, mette: FlaskClient) -> None:
    mistake = ledger.agree("transport")
    assert mette.post(address(ledger, f"/hours/{mistake.id}/remove")).status_code == 303
    ledger.says(600)
    assert mette.post(address(ledger, f"/hours/{ledger.hours.id}/remove")).status_code == 409
    assert mette.post(address(ledger, "/hours/999999/remove")).status_code == 404
    assert len(agreed(ledger.plan)) == 1


# --- Confirming ---------------------------------------------------------------------------------------------


def test_one_press_confirms_and_stays_at_the_week(ledger: Ledger, mette: FlaskClient) -> None:
    ledger.says(600, -1)
    seen = ledger.words(-1)[0].id
    response = confirm(mette, ledger, -1, minutes="600", seen=seen)
    assert (response.status_code, response.location) == (303, f"{address(ledger)}#week-{ledger.monday(-1)}")
    assert "Both say the same" in mette.get(address(ledger)).text


def test_with_htmx_the_week_alone_comes_back(ledger: Ledger, mette: FlaskClient) -> None:
    ledger.says(600, -1)
    seen = ledger.words(-1)[0].id
    typed = {"hours": "8", "quarter": "45", "words": "Vi talte sammen", "seen": seen}
    response = confirm(mette, ledger, -1, HTMX, **typed)
    assert response.status_code == 200
    assert response.text.strip().startswith(f'<article class="card" id="week-{ledger.monday(-1)}">')
    assert "planned 10 h, confirmed 8.75 h" in response.text
    assert "Settled" in response.text


def test_what_she_said_meanwhile_is_shown_first_and_nothing_typed_is_lost(ledger: Ledger, mette: FlaskClient) -> None:
    ledger.says(600)
    response = confirm(mette, ledger, hours="8", words="Vi er enige", seen="")
    assert response.status_code == 409
    for sight in ("Somebody has said something else meanwhile.", 'value="8"', "Vi er enige", "<strong>10 h</strong>"):
        assert sight in response.text
    assert len(ledger.words()) == 1


@pytest.mark.parametrize(
    ("typed", "number", "sentence"),
    [
        ({"hours": "61"}, 0, "Write a number of hours from 0 to 60."),
        ({"hours": ""}, 0, "Write a number of hours from 0 to 60."),
        ({"hours": "-1"}, 0, "Write a number of hours from 0 to 60."),
        ({"hours": "5", "words": "010190-1234"}, 0, "Please do not write a CPR number here."),
        ({"minutes": "600"}, 1, "This week has not begun yet."),
        ({"minutes": "600"}, -11, "Nothing was agreed for this week."),
    ],
)
def test_what_cannot_be_confirmed_is_refused(
    ledger: Ledger, mette: FlaskClient, typed: dict[str, str], number: int, sentence: str
) -> None:
    response = confirm(mette, ledger, number, **typed)
    assert response.status_code == 422
    assert sentence in response.text
    assert ledger.words(number) == []


@ON_SQLITE
def test_the_hours_of_another_citizen_are_not_found(ledger: Ledger, plan: Plan, mette: FlaskClient) -> None:
    other = f"/staff/citizens/{plan.cast.yusuf}/ledger/hours/{ledger.hours.id}"
    for typed in ({"minutes": "600"}, {"minutes": "-1"}):
        data = {"id": uuid4().hex, "monday": str(ledger.monday()), **typed}
        assert mette.post(other, data=data).status_code == 404
    for act in ("/last-day", "/remove"):
        data = {"last_day": str(ledger.monday(2)), "seen": str(ledger.hours.last_day)}
        assert mette.post(other + act, data=data).status_code == 404
    assert ledger.words() == []
