"""A made-up municipality to try the app with, loaded through the same import and actions as real data."""
