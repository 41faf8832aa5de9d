"""How large a project has become, how it grows, and when this machine will be too small for it."""

from __future__ import annotations

import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from flows.runtime import settings, warehouse
from flows.runtime.sql_text import identifier
from flows.store import clock
from ml.errors import AsofError

MB = 2**20
# A hundred years are never.
NEVER_DAYS = 36_500
CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Table:
    """A table of the warehouse: its rows, and the MB (2^20 bytes) of its blocks on disk."""

    name: str
    rows: int
    mb: float


@dataclass(frozen=True)
class Source:
    """What lands of a source: rows in all, and rows a day over the latest 28 days of the clock."""

    name: str
    rows: int
    rows_a_day: float


@dataclass(frozen=True)
class Phase:
    """A phase of the flows over the latest 28 days of the clock: seconds of a run, and the most memory (MB) of one."""

    name: str
    runs: int
    median_seconds: float
    most_seconds: float
    peak_mb: float | None


@dataclass(frozen=True)
class Limit:
    """What this machine has of something: used now, growth a day, all there is, and the day on which that is used up.

    `growth` is the robust slope of `mon_quota`, None with fewer than seven days; `ends_on` is None where it is never at this
    rate, or where the growth is not known.
    """

    what: str
    unit: str
    used: float
    growth: float | None
    there: float
    ends_on: date | None
    then: str


@dataclass(frozen=True)
class Sizing:
    """All of it, tables from the largest, limits from the one that ends first."""

    day: date
    warehouse_mb: float
    landing_mb: float
    tables: list[Table]
    sources: list[Source]
    phases: list[Phase]
    limits: list[Limit]


def measure() -> Sizing:
    """Read it from the warehouse, its folder and the machine; AsofError where nothing was lived yet."""
    now = clock.now()
    if now is None or not warehouse.has_table("monitoring", "mon_quota"):
        raise AsofError("nothing to measure yet: land, build and look at the monitors first (python -m flows cycle, or replay)")
    return Sizing(
        day=now.date(),
        warehouse_mb=warehouse.size() / MB,
        landing_mb=sum(one.stat().st_size for one in settings.landing_folder().rglob("*") if one.is_file()) / MB,
        tables=_tables(),
        sources=_sources(),
        phases=_phases(),
        limits=sorted(_limits(now.date()), key=lambda limit: (limit.ends_on is None, limit.ends_on)),
    )


def _tables() -> list[Table]:
    """Small tables share blocks: each has its part of such a block."""
    blocks: dict[str, set[int]] = defaultdict(set)
    rows = {}
    with warehouse.cursor() as con:
        ((size,),) = con.execute(
            "select block_size from pragma_database_size() where database_name = current_database()"
        ).fetchall()
        there = con.execute("select schema_name, table_name from duckdb_tables() where not temporary and not internal").fetchall()
        for schema, table in there:
            name, quoted = f"{schema}.{table}", f"{identifier(schema)}.{identifier(table)}"
            rows[name] = con.execute(f"select count(*) from {quoted}").fetchall()[0][0]
            found = con.execute(
                "select block_id, additional_block_ids from pragma_storage_info(?) where persistent", [quoted]
            ).fetchall()
            for block, others in found:
                blocks[name].update([block, *(others or ())])
    shared = Counter(block for held in blocks.values() for block in held)
    tables = [Table(name, count, sum(size / shared[block] for block in blocks[name]) / MB) for name, count in rows.items()]
    return sorted(tables, key=lambda table: (-table.mb, -table.rows, table.name))


def _sources() -> list[Source]:
    return [
        Source(**row)
        for row in warehouse.rows(
            "with latest as (select max(landed_as_of) - interval 28 days as since from ledger.batches) "
            "select source as name, cast(sum(rows_loaded) as bigint) as rows, "
            "coalesce(sum(rows_loaded) filter (where landed_as_of > since), 0) / 28.0 as rows_a_day "
            "from ledger.batches, latest group by source order by rows desc, source"
        )
    ]


def _phases() -> list[Phase]:
    return [
        Phase(**row)
        for row in warehouse.rows(
            "select phase as name, count(*) as runs, median(seconds) as median_seconds, max(seconds) as most_seconds, "
            "max(peak_memory_mb) as peak_mb from ledger.runs "
            "where status = 'succeeded' and as_of > (select max(as_of) from ledger.runs) - interval 28 days "
            "group by phase order by most_seconds desc, phase"
        )
    ]


def _limits(today: date) -> Iterator[Limit]:
    """What the machine has of what is measured by day; `then` says what to do when it ends (docs/sizing.md)."""
    there = {
        "warehouse_bytes": ("disk", "MB", MB, warehouse.size() + shutil.disk_usage(warehouse.file().parent).free,
                            "a larger disk, or less history"),
        "largest_run": ("memory of a run", "MB", 1, memory_mb(), "training.window_days, then a machine with more memory"),
        "longest_run": ("seconds of a run", "s", 1, 3600, "a longer cadence for what is slow, then more cores"),
    }  # fmt: skip
    measured = warehouse.rows(
        "select measured_as, used, daily_growth from monitoring.mon_quota "
        "inner join seeds.quotas using (quota) where used is not null"
    )
    for row in measured:
        if row["measured_as"] in there:
            what, unit, of, most, then = there[row["measured_as"]]
            growth, room = row["daily_growth"], most - row["used"]
            days = max(room, 0) / growth if growth and growth > 0 else NEVER_DAYS
            ends_on = today + timedelta(days=int(days)) if days < NEVER_DAYS else None
            yield Limit(what, unit, row["used"] / of, growth if growth is None else growth / of, most / of, ends_on, then)


def memory_mb() -> float:
    """Memory of this machine, or of the container that this process runs in, MB of 2^20 bytes."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    allowed = CGROUP_MEMORY.read_text().strip() if CGROUP_MEMORY.exists() else "max"
    return min(whole, int(allowed) if allowed.isdigit() else whole) / MB
