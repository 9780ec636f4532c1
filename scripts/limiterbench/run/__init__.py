"""Measures: what `./scripts/run` does."""
