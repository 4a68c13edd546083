"""Measures what issue and README promise about speed: `python -m bench`, or `make bench`."""
