"""The checks of the proof: what is removed or poisoned, the size of a batch, one row per key, the split."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from flows.runtime.lineage import dated_by, knowable
from flows.store import problems
from flows.studies.leak_proof.comparing import Difference, columns, first_difference
from flows.studies.leak_proof.rebuilding import FULL, Rebuilds
from ml.problem import split

# A first third of history fills the windows, the last hours are left as a future to remove.
HISTORY_SHARE, FUTURE_HOURS = 1 / 3, 6
# Among so many of the busiest instants a cut is drawn.
BUSIEST = 20
INSTANT = timedelta(microseconds=1)
# How many tables and rows were compared, and the first difference of each table that differs.
Found = tuple[int, int, list[Difference]]
Checked = tuple[str, Found]  # with the name of the check


def cuts(rebuilds: Rebuilds, how_many: int, seed: int) -> list[datetime]:
    """Random instants to cut at: in turn a busy tie, an instant at which anything became known, any tie.

    A tie is an as_of at which something became known: there `<` and `<=` differ. The busy ones have ties in most sources. Where
    every as_of is a midnight and a label looks a day ahead, a cut at an as_of never falls into a horizon: one between them does.
    """
    known = " union all ".join(
        f"select \"{one.known_at}\" as known_at, '{one.name}' as source from slice.{one.relation}"
        for one in rebuilds.sources
        if one.known_at
    )
    start = rebuilds.begin + (rebuilds.end - rebuilds.begin) * HISTORY_SHARE
    with rebuilds.comparing() as con:
        con.execute(f"attach '{rebuilds.slice}' as slice (read_only)")
        found = con.execute(
            f"with news as (select known_at, count(distinct source) as sources, count(*) as n from ({known}) group by known_at) "
            f"select as_of, coalesce(max(sources), 0) as sources, coalesce(max(n), 0) * count(*) as busy "
            f"from (select {rebuilds.problem.as_of} as as_of from {FULL}.{rebuilds.problem.name}__scoring_set) "
            f"left join news on known_at = as_of "
            f"where as_of between ? and ? group by as_of order by sources desc, busy desc, as_of",
            [start, rebuilds.end - timedelta(hours=FUTURE_HOURS)],
        ).fetchall()
        between = con.execute(
            f"select distinct known_at from ({known}) where known_at between ? and ? order by known_at",
            [start, rebuilds.end - timedelta(hours=FUTURE_HOURS)],
        ).fetchall()
    pools = [found[:BUSIEST], between, [row for row in found if row[1]]]
    draw, chosen = random.Random(seed), []
    for n in range(how_many):
        left = [row[0] for row in pools[n % 3] or found if row[0] not in chosen]
        if left:
            chosen.append(draw.choice(left))
    return chosen


def truncation(rebuilds: Rebuilds, cut: datetime) -> Iterator[Checked]:
    """Two rebuilds that are the full one before `cut`: the one that ends there, clock and all, and one with another future.

    Yields, for each, what was compared and the first difference of each table that differs, in the order of the lineage.
    """
    # Rows known at the cut itself are removed too, but the clock has passed it: a row as of the cut is in the cohort.
    for variant, until, poison in (("removed", cut + INSTANT, False), ("poisoned", rebuilds.end, True)):
        rebuild = f"{variant}_{cut:%m%d_%H%M%S}"
        rebuilds.build(rebuild, until, cut, poison)
        yield compared(rebuilds, rebuild, f"{variant} {cut:%Y-%m-%d %H:%M}", cut)


def batches(rebuilds: Rebuilds, days: int, hours: int, hourly_days: int) -> Iterator[Checked]:
    """The last `days` days come all at once and day by day, and the last `hourly_days` of them every `hours` hours."""
    start, turn = rebuilds.end - timedelta(days=days), rebuilds.end - timedelta(days=hourly_days)
    rebuilds.build("before", start)
    rebuilds.fork("before", "at_once")
    rebuilds.go_on(start, rebuilds.end)
    yield compared(rebuilds, "at_once", f"all at once, {_days(days)}")
    rebuilds.fork("before", "turn")
    grow(rebuilds, start, turn, timedelta(days=1))
    for rebuild, hour, name in (
        ("by_day", 24, f"day by day, {_days(days)}"),
        ("by_hour", hours, f"{'hour by hour' if hours == 1 else f'every {hours} h'}, last {_days(hourly_days)}"),
    ):
        rebuilds.fork("turn", rebuild)
        grow(rebuilds, turn, rebuilds.end, timedelta(hours=hour))
        yield compared(rebuilds, rebuild, name)


def grow(rebuilds: Rebuilds, start: datetime, until: datetime, step: timedelta) -> None:
    """The rebuild that was entered last grows from `start` to `until`, a step at a time."""
    while start < until:
        then = min(start + step, until)
        rebuilds.go_on(start, then)
        start = then


def compared(rebuilds: Rebuilds, rebuild: str, check: str, cut: datetime | None = None) -> Checked:
    """A finished rebuild compared with the full one; it is then no longer needed."""
    rebuilds.keep(rebuild, cut)
    rebuilds.drop(rebuild)
    return check, compare(rebuilds, rebuild, check, cut)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def dates(rebuilds: Rebuilds) -> dict[str, str]:
    """Table → the column by which its rows are knowable, empty where there is none."""
    with rebuilds.comparing() as con:
        return {one.name: dated_by(columns(con, f"{FULL}.{one.name}"), rebuilds.problem) or "" for one in rebuilds.models}


def compare(rebuilds: Rebuilds, rebuild: str, check: str, cut: datetime | None = None) -> Found:
    """Every kept table of a rebuild against the full build, up to `cut`."""
    tables, rows, found = 0, 0, []
    with rebuilds.comparing() as con:
        for model in rebuilds.models:
            full = f"{FULL}.{model.name}"
            where = knowable(columns(con, full), rebuilds.problem, cut) if cut else "true"
            if where is None:
                continue
            tables += 1
            rows += con.execute(f"select count(*) from {full} where {where}").fetchall()[0][0]
            difference = first_difference(con, full, f"{rebuild}.{model.name}", rebuilds.key, check, model.name, where)
            if difference:
                found.append(difference)
    return tables, rows, found


def keys(rebuilds: Rebuilds) -> Found:
    """In every table by entity and as_of, one row per key; in the scoring set, every row of the cohort.

    A label has a row per version, as people correct it: there the instant at which it was known is part of the key.
    """
    entity, as_of = rebuilds.key
    tables, rows, found = 0, 0, []
    with rebuilds.comparing() as con:
        for model in rebuilds.models:
            full = f"{FULL}.{model.name}"
            there = columns(con, full)
            if not {entity, as_of} <= {*there}:
                continue
            versions = [name for name in (rebuilds.problem.label_known_at,) if name in there]
            key = ", ".join([entity, as_of, *versions])
            tables += 1
            rows += con.execute(f"select count(*) from {full}").fetchall()[0][0]
            twice = con.execute(f"select {key}, count(*) from {full} group by all having count(*) > 1 order by all").fetchall()
            if twice:
                one = twice[0]
                found.append(
                    Difference(
                        "one row per key", model.name, entity, f"{one[0]}, {one[1]}", "1 row", f"{one[-1]} rows", len(twice)
                    )
                )
        cohort, scored = (f"{rebuilds.problem.name}__{end}" for end in ("cohort", "scoring_set"))
        if cohort in {model.name for model in rebuilds.models}:
            key = ", ".join(rebuilds.key)
            lost = con.execute(
                f"select {key} from {FULL}.{cohort} except select {key} from {FULL}.{scored} order by all"
            ).fetchall()
            if lost:
                row = f"{lost[0][0]}, {lost[0][1]}"
                found.append(
                    Difference("every row of the cohort", scored, "(row)", row, "in the cohort", "no such row", len(lost))
                )
    return tables, rows, found


def splits(rebuilds: Rebuilds, seed: int) -> tuple[Found, str]:
    """The rows that train were known before the validation begins, and so on: asked of the split and of what is read for it.

    The split is made as of the instant at which some label became known, so that a tie is exercised. Beside what was found comes
    a digest of the rows that were read and of the parts that they were put into.
    """
    problem, days = rebuilds.problem, max(1, (rebuilds.end - rebuilds.begin).days // 5)
    everything = problems.training_rows(problem, rebuilds.end)
    ordered = np.unique(split.instants(everything[problem.label_known_at]))
    now = random.Random(seed).choice(ordered[-max(1, len(ordered) // 10) :]).item()
    rows = problems.training_rows(problem, now)
    if len(late := np.flatnonzero(split.instants(rows[problem.label_known_at]) >= np.datetime64(now))):
        unknown = _unknown(rebuilds, "training rows", rows, late, problem.label_known_at, f"< {now}")
        return (1, len(rows), [unknown]), ""
    as_of, known_at = (split.instants(everything[name]) for name in (problem.as_of, problem.label_known_at))
    days = max(days, reach(split.instants(rows[problem.as_of]), now))
    parts = split.split(as_of, known_at, now, days, days)
    given = (split.instants(rows[problem.as_of]), parts.train, parts.validation, parts.holdout)
    made = hashlib.sha256(b"".join(one.tobytes() for one in given)).hexdigest()
    bounds = (
        ("train", parts.train, known_at, parts.validation_start),
        ("validation", parts.validation, known_at, parts.holdout_start),
        ("holdout", parts.holdout, known_at, np.datetime64(now)),
    )
    for name, part, times, bound in bounds:
        if len(late := part[times[part] >= bound]):
            difference = _unknown(rebuilds, f"split: {name}", everything, late, problem.label_known_at, f"< {bound}")
            return (1, len(everything), [difference]), made
    return (1, len(everything), []), made


def reach(as_of: np.ndarray, now: datetime) -> int:
    """Days back from an instant that hold the last two questions whose labels are known: as far as the problem looks ahead."""
    asked = np.unique(as_of)
    return math.ceil((np.datetime64(now) - asked[-min(2, len(asked))]) / np.timedelta64(1, "D")) if len(asked) else 1


def _unknown(rebuilds: Rebuilds, check: str, rows, late: np.ndarray, column: str, bound: str) -> Difference:
    row = {name: rows[name][int(late[0])].as_py() for name in (*rebuilds.key, column)}
    name = f"{rebuilds.problem.name}__training_set"
    return Difference(check, name, column, ", ".join(str(row[key]) for key in rebuilds.key), bound, str(row[column]), len(late))
