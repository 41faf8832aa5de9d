"""A database with the ledger's tables, for whatever lands files."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.flows.steps.data.landed import LEDGER


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(LEDGER)
        yield con
