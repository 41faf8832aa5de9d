"""A person's data, removed: from tables, landed files, what is published, the bytes of the warehouse's file, and backups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.pages.report import reports
from flows.runtime import rewriting, settings, warehouse
from flows.serving import published
from flows.steps.data.building import prepare
from flows.steps.data.landing_zone import nothing
from flows.steps.data.purging import backups, removing
from flows.steps.data.purging import plan as planning
from flows.steps.data.purging.plan import Plan, Subject
from flows.steps.serving import publishing
from flows.store import clock, ledger, problems


@dataclass(frozen=True)
class Purged:
    """What was removed: from tables, from landed files by name, from backups; and where the key still stands."""

    plan: Plan
    files: Mapping[str, int]
    backups: Mapping[Path, int] = field(default_factory=dict)


def planned(subject: Subject) -> Plan:
    """What a purge would remove; nothing is changed."""
    prepare()
    with warehouse.cursor() as con:
        return planning.plan(con, subject)


def purged(
    subject: Subject, by_whom: str, reason: str, kept: Path | None = None, tell: Callable[[str], None] = nothing
) -> Purged:
    """Remove what `planned` says, for good, also from the backups in the folder `kept`. Killed on the way, the same call goes on.

    The tables come first, in one transaction with the record, then the landed files; then what is published is replaced, and the
    file is written anew, so that no deleted byte stays. AsofError where the published file cannot be replaced, because a contract
    does not hold: it then still holds the person, and the same call, once that is mended, replaces it.
    """
    copies = backups.listed(kept) if kept else []
    prepare()
    now, target = clock.now(), settings.published_file()
    with ledger.run("purging", now) as run:
        found, files = removing.remove(subject, by_whom, reason, now, run)
        rewriting.rewrite()
        if target.exists():
            published()
        publishing.before(target).unlink(missing_ok=True)
        for name in problems.declared():
            if reports.file(name).exists():
                reports.write(name, now)
        done = {}
        for copy in copies:
            tell(f"{copy}: restored, purged and written anew")
            done[copy] = backups.rewrite(copy, lambda: _of_backup(subject, by_whom, reason))
    return Purged(found, files, done)


def _of_backup(subject: Subject, by_whom: str, reason: str) -> int:
    prepare()
    now = clock.now()
    with ledger.run("purging", now) as run:
        found, _ = removing.remove(subject, by_whom, reason, now, run)
        rewriting.rewrite()
    return found.rows
