"""The past that all scenarios share: what monitors say of days and weeks that were over before a fault began.

In production a monitor by day is never computed anew for days that are closed. Here they are taken from the scenario in which
nothing happens, so that a scenario costs the weeks around its fault and not the year before it.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

# Rows of a period that is over when the fault begins come from the past: by table the end of a row's period.
OVER = {
    "mon_drift_by_day": "day + 1",
    "mon_drift": "week + 7",
    "mon_proxies": "day + 1",
    "mon_auc_claimed": "day + 1",
    "mon_quality": "case grain when 'week' then period + 7 end",
    "mon_quality_expected": "case grain when 'day' then period + 1 else period + 7 end",
}
# These say what models were trained on: no fault in served rows changes them.
WHOLE = ("mon_cells",)
# What has to be read for the other periods: a week and the week before it; of scores also the four weeks whose labels tell how
# reliable they are, the days until labels are in, and the week that a fault finds half over.
PROFILE_DAYS, SCORED_DAYS = 14, 49

Past = dict[str, pa.Table]


def kept(con: duckdb.DuckDBPyConnection, bench: str, names: set[str]) -> Past:
    """The tables of a database that later scenarios share, of those in `names`."""
    shared = names & {*OVER, *WHOLE}
    return {name: con.sql(f"select * from {bench}.monitoring.{name}").to_arrow_table() for name in sorted(shared)}


def whole() -> str:
    """SQL of a table that is as it was in every scenario; the past is registered as `past`, the scenarios as `all_scenarios`."""
    return "select past.* replace (w.scenario as problem) from past cross join all_scenarios as w"


def joined(name: str, computed: str) -> str:
    """SQL of a table with the past of each scenario up to its fault, and what was computed from then on."""
    over = OVER[name]
    return f"""
        select past.* replace (w.scenario as problem) from past cross join all_scenarios as w where {over} <= w.day_at
        union all by name
        select here.* from ({computed}) as here inner join all_scenarios as w on w.scenario = here.problem
        where coalesce({over} > w.day_at, true)"""
