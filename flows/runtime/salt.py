"""The salt of a warehouse: what makes the hash of a personal value one that nobody can look up.

There are ten thousand million phone numbers, and a machine hashes them in a minute. So 32 random bytes go before the value. They
are made once and stand in a table of their own beside the landed rows: whoever can read them can read the values anyway, they go
with the warehouse into its backup and come back with it, and they are in no SQL, log, page or published file.
"""

from __future__ import annotations

import secrets

import duckdb

RELATION = "landing.salt"


def ensure(con: duckdb.DuckDBPyConnection) -> None:
    """Make the salt where there is none; it stays as it is for as long as the warehouse lives."""
    con.execute("create schema if not exists landing")
    con.execute(f"create table if not exists {RELATION} (salt varchar not null)")
    con.execute(f"insert into {RELATION} select ? where not exists (from {RELATION})", [secrets.token_hex(32)])


def hashed(expression: str) -> str:
    """SQL of the salted hash of an expression, as the macro `hashed` writes it; null where that is null."""
    return f"sha256((select salt from {RELATION}) || cast({expression} as varchar))"


def recorded(expression: str) -> str:
    """SQL of another salted hash, by which the record of a purge knows a key: it is not the one that models may hold."""
    return f"sha256((select salt from {RELATION}) || 'purged ' || cast({expression} as varchar))"
