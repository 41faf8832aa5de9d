"""Labels that corrections would change which come after the label is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from flows.studies.scaffolding.facts import IN_TIME, Table

# Days of delay that are tried, each hardly half as long again as the one before.
TRIED = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 135, 200, 300)
# The last version of each fact of an entity that is known before the label is, by row of the cohort.
LABELS = """
with versions as (
    select *, min(known_at) over (partition by {fact}) as "first known" from {facts}
),
those as (
    select {fact}, {entity}, min({event}) as "from", max({event}) as "until" from versions group by all
),
asked as (
    select distinct {entity} as "who", as_of from {cohort} where as_of <= ?
),
pairs as (
    select {keys}, asked.* from asked
    inner join those on those.{entity} = asked.who and those."from" <= asked.as_of + ? and those."until" > asked.as_of
),
known as (
    select versions.* replace ("first known" as known_at), pairs.who, pairs.as_of as asked_at
    from pairs
    inner join versions on {same}
    where versions.known_at < least(pairs.as_of + ?, ?)
    qualify row_number() over (
        partition by {of_pair}, pairs.who, pairs.as_of order by versions.{version} desc, versions.known_at desc
    ) = 1
),
happened as (
    select who, asked_at, {label} as "the label", true as something
    from known as {short}
    where {entity} = who and {known_event} > asked_at and {known_event} <= asked_at + ?
    group by all
)
select asked.who, asked.as_of, case when something then "the label" else {otherwise} end as "the label"
from asked left join happened on happened.who = asked.who and happened.asked_at = asked.as_of
"""

DIFFERS = 'e."the label" is distinct from t."the label"'
# sums of doubles differ a little by the order in which they are added
SUMS_DIFFER = f'coalesce(abs(e."the label" - t."the label") > 1e-9 * abs(e."the label") + 1e-9, {DIFFERS})'
LONGEST = "select max(late) from (select max(known_at) - min(known_at) as late from {facts} group by {fact})"
COUNTED = """
select count(*), count(*) filter (where differs), count(*) filter (where true_in_the_end),
    count(*) filter (where true_in_the_end and differs)
from (
    select {differs} as differs, cast(e."the label" as varchar) = 'true' as true_in_the_end
"""


@dataclass(frozen=True)
class Late:
    """Of `labels` so many are `changed` by corrections after they are known; of those `true` in the end so many were `missed`.

    `true` is 0 where a label is no yes or no. After `days` of delay nearly none changes; None where none of those tried does it.
    """

    labels: int
    changed: int
    true: int
    missed: int
    days: int | None


def late_corrections(
    con: duckdb.DuckDBPyConnection, facts: Table, cohort: str, entity: str, event_at: str, label: str, otherwise: str | None,
    horizon: timedelta, until: datetime,
) -> Late | None:  # fmt: skip
    """Count it on the past up to `until`, on rows of the cohort whose facts had the time to be corrected.

    None where no row corrects another, or hardly a label changes.
    """
    if not facts.fact:
        return None
    (longest,) = con.execute(LONGEST.format(fact=", ".join(facts.fact), facts=facts.relation)).fetchall()[0]
    begins = con.execute(f"select min(as_of) from {cohort}").fetchall()[0][0]
    if not longest or begins is None:
        return None
    # what is corrected years later must not leave hardly a label to count
    waits = min(longest, (until - begins) / 3)
    last, at = until - horizon - waits, f'"{event_at}"'
    sql = LABELS.format(
        fact=", ".join(facts.fact), facts=facts.relation, entity=entity, cohort=cohort, version=facts.version, short=facts.short,
        event='"first known"' if event_at == "known_at" else at, known_event=at, label=label, otherwise=otherwise or "null",
        keys=", ".join(f"those.{one}" for one in facts.fact), of_pair=", ".join(f"versions.{one}" for one in facts.fact),
        same=" and ".join(f"versions.{one} is not distinct from pairs.{one}" for one in facts.fact),
    )  # fmt: skip

    def after(delay: timedelta) -> tuple[str, list]:
        return sql, [last, horizon, horizon + delay, until, horizon]

    con.execute("create or replace temp table in_the_end as " + sql, after(until - begins)[1])
    kind = con.execute('select any_value(typeof("the label")) from in_the_end').fetchall()[0][0]
    counted = COUNTED.format(differs=SUMS_DIFFER if kind in ("DOUBLE", "FLOAT") else DIFFERS)

    def changed(delay: timedelta) -> tuple[int, int, int, int]:
        query, values = after(delay)
        return con.execute(f"{counted} from ({query}) as t inner join in_the_end as e using (who, as_of))", values).fetchall()[0]

    labels, different, true, missed = changed(timedelta(hours=facts.delay_hours))
    if not different:
        return None
    few = (1 - IN_TIME) * labels
    enough = (days for days in TRIED if timedelta(days=days) > timedelta(hours=facts.delay_hours))
    return Late(labels, different, true, missed, next((days for days in enough if changed(timedelta(days=days))[1] <= few), None))
