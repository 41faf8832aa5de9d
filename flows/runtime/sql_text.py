"""Texts and names as SQL writes them."""

from __future__ import annotations


def quoted(text: object) -> str:
    """A text, or a path, as a string of SQL; it may hold a quote itself."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as SQL quotes it, in DuckDB and PostgreSQL alike."""
    return '"' + name.replace('"', '""') + '"'
