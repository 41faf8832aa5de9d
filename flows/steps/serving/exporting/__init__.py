"""Exports: the tables of the published file, all of one publication, written where tools look that read no DuckDB."""
