"""Run limiterbench's cells, keep their records, draw them. C++ measures; statistics live here."""
