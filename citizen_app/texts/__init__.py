"""Text that people write: one original, its renderings in other languages, and how far each can be trusted."""
