"""Sections of a declaration that have a file of their own: a dataclass, and `read(keys)` that makes it."""
