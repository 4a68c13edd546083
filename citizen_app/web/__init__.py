"""The shared web kit: one purpose per module, used by every room's views."""
