"""Moving the clock: feeds deliver what became known meanwhile, all of it lands, and then the clock moves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path

import duckdb

from checks.landing import LandingSource
from flows.runtime import dbt, prefect_events, settings, warehouse
from flows.runtime.step import step
from flows.steps.data.feeds import Feed, feed, windows
from flows.steps.data.feeds.archive import ARCHIVE
from flows.steps.data.landing.files import one_line
from flows.steps.data.landing.landed import Batch, ensure_tables
from flows.steps.data.landing.landing import LandingRefused, land_all
from flows.steps.data.landing.stage import placed
from flows.steps.data.landing.unread import unread
from flows.store import clock, ledger
from ml.errors import AsofError

# Files that a landing names, with quarantined rows or read by nobody: a folder full of them must still be read.
FILES_TOLD = 5


@cache
def sources() -> list[LandingSource]:
    """Every declared landing source."""
    return LandingSource.from_manifest(dbt.manifest_dict())


@cache
def feeds() -> dict[str, Feed]:
    """The feeds that declared sources name, prepared once per process."""
    named = {name: [one for one in sources() if one.feed == name] for name in sorted({one.feed for one in sources() if one.feed})}
    return {name: feed(name, those, settings.landing_folder()) for name, those in named.items()}


def beginning() -> datetime:
    """The first instant of any feed: where an empty warehouse's clock starts."""
    return min(one.first for one in _some_feed())


def end() -> datetime:
    """The last instant of any feed."""
    return max(one.last for one in _some_feed())


def _some_feed() -> Collection[Feed]:
    if not feeds():
        raise AsofError(
            "no source names a feed in config.meta.feed, so there is nothing to replay; land files with `python -m flows land`"
        )
    return feeds().values()


def nothing(line: str) -> None:
    """Tell nobody."""


@step()
def land(until: datetime, length: str = "day", tell: Callable[[str], None] = nothing, strict: bool = False) -> int:
    """Let the feeds deliver up to `until` in files of one hour, day or month, land what lies there, then move the clock there.

    Returns the rows loaded. Killed on the way, the same call goes on; a call that was finished loads nothing. `tell` gets a line
    for each file of which rows were quarantined. AsofError lists refused files after the good ones landed; with `strict`, or
    where a feed delivered one of them, the clock then stays where it is: it moves past nothing that could not land.
    """
    with ledger.run("data", until) as run:
        check(until)
        # What an interrupted call has landed for this tick is counted with it.
        before, waiting = _landed_ahead(), []
        _deliver(until, length)
        try:
            batches, refused = _land_files(until, tell, waiting.append), None
        except LandingRefused as error:
            batches, refused = error.batches, error
        landed, kept = (sum(getattr(one, name) for one in batches) for name in ("rows_loaded", "rows_quarantined"))
        run.rows, kept = landed + before["rows"], kept + before["kept"]
        run.message = f"landed {len(batches) + before['files']} files" + (f", {kept} rows quarantined" if kept else "")
        run.message += f", {len(waiting)} of the future wait" if waiting else ""
        _tell_waiting(waiting, tell)
        if refused and (strict or refused.delivered):
            raise refused
        with warehouse.transaction() as con:
            # In one transaction: where the clock stands, everything before it has landed and its run says so.
            clock.put(con, until)
            if not refused:
                run.commit(con)
        if refused:
            raise refused
    return landed


def check(until: datetime) -> None:
    """AsofError where what has landed reaches further than `until` already, and where a landing that was cut off does."""
    clock.check(until)
    begun = interrupted() if feeds() else None
    if begun and until < begun:
        raise AsofError(
            f"files up to {begun} are landing: that was cut off, and is finished first; say --until {begun.isoformat()} or later"
        )


def interrupted() -> datetime | None:
    """Up to where a landing was under way when it was cut off; None where none was."""
    if not warehouse.has_table("ledger", "batches"):
        return None
    now = clock.now()
    latest = warehouse.rows("select max(landed_as_of) as at from ledger.batches")[0]["at"]
    return latest if latest is not None and (now is None or latest > now) else None


def _landed_ahead() -> dict[str, int]:
    """How many files and rows have landed for a tick that the clock has not reached."""
    return warehouse.rows(
        "select count(*) as files, coalesce(sum(rows_loaded), 0)::bigint as rows, "
        "coalesce(sum(rows_quarantined), 0)::bigint as kept from ledger.batches where landed_as_of > ?",
        [clock.now() or datetime.min],
    )[0]


def _deliver(until: datetime, length: str) -> None:
    """Feeds write their files for everything between the clock and `until`.

    All files are written before the first one lands. So where a landing was cut off after that, nothing is written again.
    """
    if not feeds():
        return
    start, folder, begun = clock.now() or beginning(), settings.landing_folder(), interrupted()
    if not begun:
        _remove_unfinished(start, folder)
    start = begun or start
    deliver(feeds().values(), folder, start, until, length)


def deliver(fed: Collection[Feed], folder: Path, start: datetime, until: datetime, length: str) -> None:
    """Feeds write their lists, and what was known in [start, until) in files of one hour, day or month."""
    for one in fed:
        one.drop_reference(folder)
    for tick in clock.ticks(start, until, length):
        for one in fed:
            one.drop(folder, start, tick)
        start = tick


def _remove_unfinished(start: datetime, folder: Path) -> None:
    """Windows that feeds wrote and nobody landed: their rows come again, perhaps cut into other windows."""
    with warehouse.cursor() as con:
        landed = {row[0] for row in con.execute("select file from ledger.batches").fetchall()}
    for source in sources():
        for file in (folder / source.path).glob(f"*.{source.format}") if source.feed else ():
            span = windows.window(file.name)
            if span and span[0] >= start and file.relative_to(folder).as_posix() not in landed:
                file.unlink()


def _tell_waiting(files: list[str], tell: Callable[[str], None]) -> None:
    """A line for each file of the future, of at most `FILES_TOLD`."""
    for file in files[:FILES_TOLD]:
        tell(file)
    if len(files) > FILES_TOLD:
        tell(f"{len(files) - FILES_TOLD} more files of the future wait; they land when the clock has passed them")


def _land_files(now: datetime, tell: Callable[[str], None], waits: Callable[[str], None]) -> list[Batch]:
    with warehouse.cursor() as con:
        ensure_tables(con, sources())
        # What refers to rows of a cohort waits until these are built: `feedback.receive`.
        there = [one for one in sources() if not one.refers_to]
        try:
            batches = land_all(con, there, settings.landing_folder(), now, waits=waits, origin=_origin)
        except LandingRefused as refused:
            tell_quarantined(con, refused.batches, tell)
            emit_landed(refused.batches, refused.refusals)
            raise
        tell_quarantined(con, batches, tell)
        emit_landed(batches)
        return batches


def emit_landed(batches: Iterable[Batch], refusals: Iterable[str] = ()) -> None:
    """Tell Prefect of each file that has landed, and of each that was refused."""
    for one in batches:
        facts = {"file": one.file, "rows": one.rows_loaded, "quarantined": one.rows_quarantined, "clock": one.landed_as_of}
        prefect_events.emit(prefect_events.BATCH_LANDED, "source", one.source, **facts)
    for why in refusals:
        prefect_events.emit(prefect_events.BATCH_REFUSED, "landing", "files", reason=why)


def _origin(source: LandingSource, file: str, lines: list[int]) -> dict[int, str]:
    return feeds()[source.feed].origin(file, lines) if source.feed else {}


def tell_quarantined(con: duckdb.DuckDBPyConnection, batches: list[Batch], tell: Callable[[str], None]) -> None:
    """A line for each file with quarantined rows, of at most `FILES_TOLD`, and where all of them stand."""
    bad = [batch for batch in batches if batch.rows_quarantined]
    for batch in bad[:FILES_TOLD]:
        line, column, reason, origin = con.execute(
            "select line, column_name, reason, origin from ledger.quarantine where batch_id = ? "
            "order by line, column_name limit 1",
            [batch.batch_id],
        ).fetchall()[0]
        place = placed(line, column, origin)
        said = f"{batch.file}: {batch.rows_quarantined:,} of {batch.rows_received:,} rows quarantined; first {place}: {reason}"
        tell(one_line(said))
    if bad:
        more = f"{len(bad) - FILES_TOLD} more files have quarantined rows; " if len(bad) > FILES_TOLD else ""
        tell(f"{more}all of them, with their lines, stand in ledger.quarantine")


def tell_unread(tell: Callable[[str], None]) -> None:
    """A line for what lies in the landing folder and lands nowhere, because no source declares it."""
    kept = frozenset({ARCHIVE} if ARCHIVE in feeds() else {})
    if found := unread(sources(), settings.landing_folder(), kept):
        more = f" and {len(found) - FILES_TOLD} more" if len(found) > FILES_TOLD else ""
        named = one_line(", ".join(found[:FILES_TOLD]) + more)
        tell(f"no source declares {named} below {settings.landing_folder()}: nothing of it lands; rename it or declare its path")


def upcoming(length: str, steps: int = 1) -> datetime:
    """Where the clock goes next: so many steps further in a feed's time, the present where no source has a feed.

    A landing that was cut off is finished at least.
    """
    if not feeds():
        return ledger.wall_clock()
    start = clock.now() or beginning()
    *_, there = start, *islice(clock.ticks(start, end(), length), steps)
    return max(there, interrupted() or there)
