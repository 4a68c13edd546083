"""The staff's screens, one module per room."""
