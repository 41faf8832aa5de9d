"""What happens to alerts, as rows of `ledger.alert_events`; what they have come to, as rows of `monitoring.alerts`."""

from __future__ import annotations

from datetime import datetime, time

import duckdb

from flows.runtime import warehouse
from flows.store import ledger
from ml.errors import AsofError
from ml.monitoring.alerts.finding import Alert, Finding, short_id
from ml.monitoring.alerts.message import order

# What a finding is made of: the fields of `ml.monitoring.alerts.finding.Finding`.
STANDING = (
    "problem", "kind", "subject", "alert_id", "node", "seen_at", "value", "limit_value", "severity", "damage", "rows_at_stake",
    "period_days", "measure",
)  # fmt: skip


def findings(kinds: frozenset[str] | None = None) -> list[Finding]:
    """What the monitors find and what still stands; of some kinds only, each read from its own model."""
    if kinds is None:
        sql = f"select {', '.join(STANDING)} from monitoring.mon_findings where is_standing"
    else:
        sql = " union all ".join(_of_one_kind(kind) for kind in sorted(kinds))
    return [Finding(**row) for row in warehouse.rows(f"{sql} order by all")]


def _of_one_kind(kind: str) -> str:
    """The same from the model of a kind, which needs no other monitor: after a failure they may not be there.

    A kind that shares its model with others is read with all that stands.
    """
    if not warehouse.has_table("monitoring", f"mon_findings__{kind}"):
        return f"select {', '.join(STANDING)} from monitoring.mon_findings where kind = '{kind}' and is_standing"
    here = {"alert_id": "concat_ws('/', kind, problem, alert_subject)", "severity": "coalesce(found.severity, kinds.severity)"}
    columns = ", ".join(f"{here.get(name, name)} as {name}" for name in STANDING)
    return f"select {columns} from monitoring.mon_findings__{kind} as found inner join seeds.alert_kinds as kinds using (kind)"


def alerts() -> dict[str, Alert]:
    """Every alert there ever was, by its id."""
    rows = warehouse.rows(
        "select alert_id, state, severity, last_seen, points, opened_number, "
        "case when state = 'closed' then by_whom end as closed_by from monitoring.alerts"
    )
    return {row["alert_id"]: Alert(**{**row, "last_seen": datetime.combine(row["last_seen"], time())}) for row in rows}


def standing(now: bool = True) -> list[dict]:
    """Rows of `monitoring.alerts` that are not closed, all of them with `now` False; the worst first."""
    where = "where state <> 'closed'" if now else ""
    return sorted(warehouse.rows(f"select * from monitoring.alerts {where}"), key=order)


def one(which: str) -> dict:
    """The alert that people mean by its short id, the beginning of it, or its whole name; AsofError when that is not one."""
    rows = warehouse.rows(
        "select * from monitoring.alerts where alert_id = ? or starts_with(short_id, lower(?)) order by alert_id", [which, which]
    )
    exact = [row for row in rows if row["alert_id"] == which] or rows
    if len(exact) == 1:
        return exact[0]
    if not exact:
        raise AsofError(f"there is no alert {which!r}: `python -m flows alerts --all` lists them with their ids")
    named = ", ".join(f"{row['short_id']} ({row['alert_id']})" for row in exact[:5])
    raise AsofError(f"{which!r} may be {named}: give more of the id")


def append(con: duckdb.DuckDBPyConnection, records: list[dict], at: datetime, wall: datetime) -> int:
    """Append events in their order; returns how many. `at` is the clock, `wall` when the program ran."""
    first = con.execute("select coalesce(max(number), 0) + 1 from ledger.alert_events").fetchall()[0][0]
    empty = dict.fromkeys(con.sql("select * from ledger.alert_events limit 0").columns)
    rows = [
        {**empty, **record, "number": first + i, "short_id": short_id(record["alert_id"]), "as_of": at, "written_at": wall}
        for i, record in enumerate(records)
    ]
    return ledger.insert(con, "alert_events", rows)


def by_hand(which: str, event: str, at: datetime, by: str | None, note: str | None) -> dict:
    """Acknowledge or close an alert for a person; returns the alert as it was. AsofError when there is nothing to do."""
    row = one(which)
    if row["state"] == "closed" or (event == "acknowledged" and row["state"] == "acknowledged"):
        who = f" by {row['by_whom']}" if row["by_whom"] else ""
        raise AsofError(f"{row['alert_id']} is {row['state']}{who} already: {row['note'] or 'no reason was given'}")
    facts = {name: row[name] for name in ("alert_id", "problem", "kind", "subject", "severity", "owner")}
    with warehouse.transaction() as con:
        append(con, [{**facts, "event": event, "by_whom": by, "note": note}], at, ledger.wall_clock())
    return row
