"""The citizen's start page, which joins the rooms."""
