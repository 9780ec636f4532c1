"""The charts. Each module draws one; `frame` and `axis` hold what they share."""
