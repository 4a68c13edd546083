"""The weekly ledger: all agreed hours, at a placement and elsewhere, planned and confirmed."""
