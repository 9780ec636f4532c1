"""Whether this host can give numbers worth trusting, and what to do where it cannot."""
