"""After damage: the loss of commits is accepted, and what the landing folder still holds lands again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flows.runtime import journal, settings, warehouse
from flows.runtime.database_errors import log_is_unreadable
from flows.runtime.step import step
from flows.steps.data import building, landing_zone
from flows.store import clock


@dataclass(frozen=True)
class Recovered:
    """What was lost, in words; rows that landed again; files that are gone and could not; where an unreadable log is kept."""

    lost: int
    told: str
    rows: int
    gone: list[str]
    log: Path | None = None


@step()
def recover() -> Recovered:
    """Accept what the warehouse has lost, set its clock to where it stood, and land the lost files again.

    Runs and promotions stay lost: scoring again comes to the same scores, a promotion has to be made again.
    """
    log = _set_aside_a_log_that_cannot_be_read()
    con = warehouse.connection(verified=False)
    lost = journal.lost(warehouse.file(), con)
    if not lost:
        return Recovered(0, "", 0, [], log)
    building.prepare()
    stood = [datetime.fromisoformat(one["clock"]) for one in lost if one["clock"] and one["kind"] == "batch"]
    now = max([*stood, *filter(None, [clock.now()])], default=None)
    if now:
        # The clock first: the feeds have delivered up to there, and in the same files as they did.
        clock.move(now)
    try:
        rows = landing_zone.land(now) if now else 0
    finally:
        journal.accept(warehouse.file(), lost)  # at last: who is killed before it is refused once more, and recovers again
    folder = settings.landing_folder()
    gone = [one["what"] for one in lost if one["kind"] == "batch" and not (folder / one["what"]).exists()]
    return Recovered(len(lost), journal.told(lost), rows, gone, log)


def _set_aside_a_log_that_cannot_be_read() -> Path | None:
    """Rename a write-ahead log that DuckDB refuses to replay: the file opens at its last checkpoint, and the log is kept.

    Returns its new name; None where there is no such log.
    """
    where = warehouse.file()
    log = Path(f"{where}.wal")
    if not log.exists():
        return None
    try:
        warehouse.connection(verified=False)
    except warehouse.Error as error:
        if not log_is_unreadable(error):
            raise
        return log.rename(log.with_name(f"{log.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}"))
    return None
