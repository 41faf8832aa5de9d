"""The checks of the proof: what is removed or poisoned, the size of a batch, one row per key, the split."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from flows.steps import problems
from flows.steps.proving.bench import FULL, Bench
from flows.steps.proving.comparing import Difference, columns, first_difference
from flows.steps.proving.lineage import knowable
from ml import split

# A first third of history fills the windows, the last hours are left as a future to remove.
HISTORY_SHARE, FUTURE_HOURS = 1 / 3, 6
# Among so many of the busiest instants a cut is drawn.
BUSIEST = 20
INSTANT = timedelta(microseconds=1)


def cuts(bench: Bench, how_many: int, seed: int) -> list[datetime]:
    """Random instants to cut at, each the as_of of some row: in turn a busy tie, any tie, any as_of.

    A tie is an as_of at which something became known: there `<` and `<=` differ. The busy ones have ties in most sources.
    """
    known = " union all ".join(
        f"select {one.known_at} as known_at, '{one.name}' as source from slice.{one.relation}"
        for one in bench.sources
        if one.known_at
    )
    start = bench.begin + (bench.end - bench.begin) * HISTORY_SHARE
    with bench.comparing() as con:
        con.execute(f"attach '{bench.slice}' as slice (read_only)")
        found = con.execute(
            f"with news as (select known_at, count(distinct source) as sources, count(*) as n from ({known}) group by known_at) "
            f"select as_of, coalesce(max(sources), 0) as sources, coalesce(max(n), 0) * count(*) as busy "
            f"from (select {bench.problem.as_of} as as_of from {FULL}.{bench.problem.name}__scoring_set) "
            f"left join news on known_at = as_of "
            f"where as_of between ? and ? group by as_of order by sources desc, busy desc, as_of",
            [start, bench.end - timedelta(hours=FUTURE_HOURS)],
        ).fetchall()
    pools = [found[:BUSIEST], [row for row in found if row[1]], found]
    draw, chosen = random.Random(seed), []
    for n in range(how_many):
        left = [row[0] for row in pools[n % 3] or found if row[0] not in chosen]
        if left:
            chosen.append(draw.choice(left))
    return chosen


def truncation(bench: Bench, cut: datetime) -> Iterator[tuple[int, list[Difference]]]:
    """Two worlds that are the full one before `cut`: the one that ends there, clock and all, and one with another future.

    Yields, for each, the rows compared and the first difference of each table that differs, in the order of the lineage.
    """
    # Rows known at the cut itself are removed too, but the clock has passed it: a row as of the cut is in the cohort.
    for variant, until, poison in (("removed", cut + INSTANT, False), ("poisoned", bench.end, True)):
        world = f"{variant}_{cut:%m%d_%H%M%S}"
        bench.build(world, until, cut, poison)
        bench.keep(world, cut)
        bench.drop(world)
        yield compare(bench, world, f"{variant} {cut:%Y-%m-%d %H:%M}", cut)


def batches(bench: Bench, days: int, hours: int) -> Iterator[tuple[int, list[Difference]]]:
    """The last `days` days come every `hours` hours, day by day and all at once; yields as `truncation` does."""
    start = bench.end - timedelta(days=days)
    bench.build("before", start)
    steps = {f"every {hours} h" if hours > 1 else "hour by hour": hours, "day by day": 24, "all at once": 24 * days}
    for name, length in steps.items():
        world = name.replace(" ", "_")
        bench.fork("before", world)
        at = start
        while at < bench.end:
            then = min(at + timedelta(hours=length), bench.end)
            bench.go_on(at, then)
            at = then
        bench.keep(world)
        bench.drop(world)
        yield compare(bench, world, name)


def compare(bench: Bench, world: str, check: str, cut: datetime | None = None) -> tuple[int, list[Difference]]:
    """Every kept table of a world against the full build, up to `cut`: the rows compared, and the differences."""
    rows, found = 0, []
    with bench.comparing() as con:
        for model in bench.models:
            full = f"{FULL}.{model.name}"
            where = knowable(columns(con, full), bench.problem, cut) if cut else "true"
            if where is None:
                continue
            rows += con.execute(f"select count(*) from {full} where {where}").fetchall()[0][0]
            difference = first_difference(con, full, f"{world}.{model.name}", bench.key, check, model.name, where)
            if difference:
                found.append(difference)
    return rows, found


def keys(bench: Bench) -> tuple[int, list[Difference]]:
    """In every table by entity and as_of, one row per key; in the scoring set, every row of the cohort."""
    entity, as_of = bench.key
    rows, found = 0, []
    with bench.comparing() as con:
        for model in bench.models:
            full = f"{FULL}.{model.name}"
            if not {entity, as_of} <= {*columns(con, full)}:
                continue
            rows += con.execute(f"select count(*) from {full}").fetchall()[0][0]
            twice = con.execute(
                f"select {entity}, {as_of}, count(*) from {full} group by all having count(*) > 1 order by all"
            ).fetchall()
            if twice:
                one = twice[0]
                found.append(
                    Difference(
                        "one row per key", model.name, entity, f"{one[0]}, {one[1]}", "1 row", f"{one[2]} rows", len(twice)
                    )
                )
    return rows, found


def splits(bench: Bench, seed: int) -> tuple[int, list[Difference]]:
    """The rows that train were known before the validation begins, and so on: asked of the split and of what is read for it.

    The split is made as of the instant at which some label became known, so that a tie is exercised.
    """
    problem, days = bench.problem, max(1, (bench.end - bench.begin).days // 5)
    everything = problems.training_rows(problem, bench.end)
    ordered = np.unique(split.instants(everything[problem.label_known_at]))
    now = random.Random(seed).choice(ordered[-max(1, len(ordered) // 10) :]).item()
    rows = problems.training_rows(problem, now)
    if len(late := np.flatnonzero(split.instants(rows[problem.label_known_at]) >= np.datetime64(now))):
        return len(rows), [_unknown(bench, "training rows", rows, late, problem.label_known_at, f"< {now}")]
    as_of, known_at = (split.instants(everything[name]) for name in (problem.as_of, problem.label_known_at))
    parts = split.split(as_of, known_at, now, days, days)
    bounds = (
        ("train", parts.train, known_at, parts.validation_start),
        ("validation", parts.validation, known_at, parts.holdout_start),
        ("holdout", parts.holdout, known_at, np.datetime64(now)),
    )
    for name, part, times, bound in bounds:
        if len(late := part[times[part] >= bound]):
            return len(everything), [_unknown(bench, f"split: {name}", everything, late, problem.label_known_at, f"< {bound}")]
    return len(everything), []


def _unknown(bench: Bench, check: str, rows, late: np.ndarray, column: str, bound: str) -> Difference:
    row = {name: rows[name][int(late[0])].as_py() for name in (*bench.key, column)}
    name = f"{bench.problem.name}__training_set"
    return Difference(check, name, column, ", ".join(str(row[key]) for key in bench.key), bound, str(row[column]), len(late))
