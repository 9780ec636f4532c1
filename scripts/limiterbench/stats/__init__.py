"""Intervals, ratios, verdicts."""
