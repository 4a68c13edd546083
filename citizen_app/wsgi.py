"""What the web server runs: the app, with its static files served before it."""

from __future__ import annotations

import gc

from whitenoise import WhiteNoise

from citizen_app.app import create_app
from citizen_app.web import assets

app = WhiteNoise(create_app(), max_age=365 * 24 * 3600, allow_all_origins=False)
gc.freeze()  # what start-up has made stays; looking through it again and again costs each request
app.add_files(str(assets.STATIC), prefix=f"static/{assets.version()}/")
for family in assets.FAMILIES:
    app.add_files(str(assets.STATIC / family), prefix=f"static/{assets.version(family)}/{family}/")
