"""The report of stored runs: what to use on the measured host, how sure that is, and the charts."""
