"""Goals and small steps that a citizen and her staff write and agree on together."""
