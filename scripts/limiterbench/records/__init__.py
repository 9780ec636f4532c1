"""Reads and checks what the programs wrote."""
