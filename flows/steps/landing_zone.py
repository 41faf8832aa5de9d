"""Moving the clock: feeds deliver what became known meanwhile, and all of it lands."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from checks.landing import LandingSource
from flows.steps import clock, dbt, ledger, settings, warehouse
from flows.steps.feeds import Feed, feed
from flows.steps.landing import Batch, ensure_tables, land_all
from flows.steps.step import step
from ml.errors import AsofError


@cache
def sources() -> list[LandingSource]:
    """Every declared landing source."""
    return LandingSource.from_manifest(dbt.manifest_dict())


@cache
def feeds() -> dict[str, Feed]:
    """The feeds that declared sources name, prepared once per process."""
    return {name: feed(name) for name in sorted({source.feed for source in sources() if source.feed})}


def beginning() -> datetime:
    """The first instant of any feed: where an empty warehouse's clock starts."""
    if not feeds():
        raise AsofError(
            "no source names a feed in config.meta.feed, so there is nothing to replay; land files with `python -m flows land`"
        )
    return min(one.first for one in feeds().values())


def end() -> datetime:
    """The last instant of any feed."""
    return max(one.last for one in feeds().values())


@step()
def land(until: datetime, length: str = "day") -> int:
    """Let the feeds deliver up to `until` in files of one hour, day or month, move the clock there, and land what lies there.

    Returns the rows loaded. The same call again loads nothing. AsofError lists refused files after the good ones landed.
    """
    start = clock.now() or beginning()
    folder = settings.landing_folder()
    with ledger.run("data", until) as run:
        for one in feeds().values():
            one.drop_reference(folder)
        for tick in clock.ticks(start, until, length):
            for one in feeds().values():
                one.drop(folder, start, tick)
            start = tick
        clock.move(until)
        batches = _land_files(until)
        run.rows = sum(batch.rows_loaded for batch in batches)
        kept = sum(batch.rows_quarantined for batch in batches)
        run.message = f"landed {len(batches)} files" + (f", {kept} rows quarantined" if kept else "")
    return run.rows


def _land_files(now: datetime) -> list[Batch]:
    with warehouse.cursor() as con:
        ensure_tables(con, sources())
        # What refers to rows of a cohort waits until these are built: `feedback.receive`.
        return land_all(con, [one for one in sources() if not one.refers_to], settings.landing_folder(), now)


def upcoming(length: str) -> datetime:
    """Where the clock goes next: one step further in a feed's time, the present where no source has a feed."""
    if not feeds():
        return ledger.wall_clock()
    start = clock.now() or beginning()
    return next(clock.ticks(start, end(), length), start)
