"""The page with the address of one's own calendar: made, copied and opened on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.cast import Cast


def test_the_address_is_made_and_copied(
    phone: BrowserContext,
    live_cast: Cast,
    enter: Callable[..., None],
    axe_findings: Callable[[Page], list[Any]],
) -> None:
    enter(phone, live_cast.yusuf, "en")
    phone.grant_permissions(["clipboard-read", "clipboard-write"])
    page = phone.new_page()
    page.goto("/meetings")
    page.get_by_role("link", name="Meetings in my own calendar").click()
    page.get_by_role("button", name="Make my address").click()
    field = page.get_by_label("Your secret address")
    expect(field).to_have_value(re.compile(r"^http://.*/calendar/.+\.ics$"))
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    address = field.input_value()
    assert page.evaluate("navigator.clipboard.readText()") == address
    link = page.get_by_role("link", name="Open in my calendar")
    expect(link).to_have_attribute("href", address.replace("http:", "webcal:"))
    assert axe_findings(page) == []
    assert "BEGIN:VCALENDAR" in page.request.get(address).text()
    page.get_by_role("button", name="Stop showing my meetings").click()
    expect(page.get_by_role("button", name="Make my address")).to_be_visible()
    assert page.request.get(address).status == 404
