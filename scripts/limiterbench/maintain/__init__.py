"""Tools for who maintains the project."""
