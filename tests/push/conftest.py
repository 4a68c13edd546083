"""A running push service of our own, and our keys for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from citizen_app.config import Settings
from citizen_app.push.delivery import VapidKeys
from tests.conftest import SECRET_KEY, VAPID_KEY
from tests.push_service import PushService, running


@pytest.fixture
def service() -> Iterator[PushService]:
    with running(PushService()) as service:
        yield service


@pytest.fixture(scope="session")
def keys() -> VapidKeys:
    keys = VapidKeys.of(Settings(database_url="sqlite://", secret_key=SECRET_KEY, vapid_private_key=VAPID_KEY))
    assert keys is not None
    return keys
