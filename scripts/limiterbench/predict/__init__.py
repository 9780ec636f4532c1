"""Hosts that nobody has: the rows on a simulated machine, and how far to believe it."""
