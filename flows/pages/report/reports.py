"""The report of a problem: what ledger, monitors and marts say of it, on one page beside the published file."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

from flows.pages.card import cards
from flows.pages.report.facts import DAYS, RECENT, WEEKS, Report, Row
from flows.runtime import dbt, settings, warehouse
from flows.runtime.orphans import remove_orphans, unfinished
from flows.runtime.step import step
from flows.steps.monitoring.alerting import events
from flows.steps.monitoring.health import of as judge
from flows.steps.serving import publishing
from flows.store import ledger, problems, registry, shadows
from ml.errors import Refused
from ml.problem.problem import Problem

EXPLAINED = 8  # the highest scores of a day that the page explains


@step()
def write(name: str, now: datetime, thorough: bool = True) -> Path:
    """Write the report of a problem and put it in the place of the one before; returns its file.

    What errors share takes longer to find than all the rest, and it speaks of a quarter: a report that is not `thorough`
    takes that section from the one before, where it is about the same champion.
    """
    from flows.pages.report import page  # matplotlib is slow to import, and most verbs draw nothing

    target, problem = file(name), problems.get(name)
    kept = page.kept(target.read_text(), "errors", registry.champion(name)) if target.exists() and not thorough else None
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_orphans(target, publishing.ENDING)
    fresh = unfinished(target, publishing.ENDING)
    with ledger.run("reporting", now, name) as run:
        try:
            fresh.write_text(page.html(gather(problem, now, errors=kept is None), kept))
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
        run.rows, run.message = target.stat().st_size, f"wrote {target.name}, {target.stat().st_size // 1024} kB"
    return target


def due(name: str, now: datetime) -> bool:
    """Whether the report would say something new: at the first look of a day (UTC), and after an alert, a run that failed, a
    verdict or a promotion that the last one does not know."""
    last = warehouse.rows(
        "select as_of, started_at from ledger.runs where phase = 'reporting' and problem = ? and status = 'succeeded' "
        "order by rowid desc limit 1",
        [name],
    )
    if not last or last[0]["as_of"].date() != now.date() or not file(name).exists():
        return True
    since = "select 1 from ledger.{} where {} >= $began"
    news = [
        since.format("alert_events", "written_at"),
        since.format("runs", "started_at") + " and status = 'failed'",
        since.format("verdicts", "decided_at"),
        since.format("promotions", "promoted_at"),
    ]
    return bool(warehouse.rows(" union all ".join(news), {"began": last[0]["started_at"]}))


def file(name: str) -> Path:
    """Where the report of a problem lies: beside the published file."""
    return settings.published_file().parent / "reports" / f"{name}.html"


def gather(problem: Problem, now: datetime, errors: bool = True) -> Report:
    """Read what a report says from the warehouse; AsofError when it has not been built yet."""
    who, health = [problem.name], judge(problem.name, ledger.wall_clock())
    if health is None:
        raise Refused(f"{problem.name} has no monitors to report on yet: run `python -m flows build`")
    models = warehouse.rows("select * from marts.model_versions where problem = ? order by trained_as_of, model_version", who)
    version, metric = health["champion"], problem.metric
    quality = warehouse.rows(
        "select scorer, grain, period, last_day, rows_labelled, clusters, value, low, high from monitoring.mon_quality_by_metric "
        "where problem = ? and metric = ? and scorer in ('champion', 'rule') order by period", [*who, metric],
    )  # fmt: skip
    whole, fewest = _monitored(now), dbt.project_vars()["weekly_limits"]["drift_min_rows"]
    served = _served(who, version, whole)
    return Report(
        problem=problem,
        now=now,
        health=health,
        champion=next((one for one in models if one["model_version"] == version), None),
        importances=_importances(who, version),
        versions=models,
        promotions=warehouse.rows("select * from ledger.promotions where problem = ? order by effective_at, rowid", who),
        quality=[row for row in quality if row["grain"] == "week"],
        recent={row["scorer"]: row for row in quality if row["grain"] == "recent"},
        estimates=warehouse.rows(
            "select * from monitoring.mon_quality_estimated where problem = ? and metric = ? order by period", [*who, metric]),
        drift=_drift(who, fewest),
        fewest=fewest,
        cells=_cells(who, version, served["last_day"]),
        served=served,
        known=warehouse.table(
            f"select as_of, score, cast(label as double) as label, number, outcome from monitoring.mon_scored where problem = ? "
            f"and label is not null and as_of >= ? - interval {RECENT + 7} days order by as_of, entity_id", [*who, now]),
        explained=_explained([*who, version]),
        proxies=_proxies(who, whole),
        slices=cards.shared_errors([*who, version]) if version and errors else [],
        alerts=[row for row in events.standing(now=False) if row["problem"] in (None, problem.name)],
        verdicts=warehouse.rows("select * from ledger.verdicts where problem = ? order by decided_as_of, decided_at", who),
        gates=warehouse.rows("select * from monitoring.mon_validation where problem = ? order by decided_as_of, gate", who),
        evidence=shadows.evidence(problem.name),
        volumes=warehouse.rows(
            f"select *, sum(rows) over (partition by source)::bigint as rows_shown from monitoring.mon_volume "
            f"where day > ?::date - {2 * RECENT} order by source, day", [now]),
        ages=warehouse.rows("select * from monitoring.mon_silent_sources order by source"),
        refused=warehouse.rows(
            f"select source, sum(rows_received)::bigint as received, sum(rows_quarantined)::bigint as quarantined "
            f"from monitoring.mon_refused where day > ?::date - {RECENT} group by source", [now]),
        quotas=warehouse.rows("select * from monitoring.mon_quota order by share desc nulls last, quota"),
        runs=warehouse.rows(
            "select phase, max(as_of) as as_of, max_by(status, started_at) as status, max_by(seconds, started_at) as seconds, "
            "max_by(message, started_at) as message, max_by(peak_memory_mb, started_at) as peak_memory_mb, count(*) as runs "
            "from ledger.runs where problem = ? or problem is null group by phase order by max(started_at) desc", who),
        failures=warehouse.rows(
            f"select phase, as_of, message from ledger.runs where status = 'failed' and (problem = ? or problem is null) "
            f"and as_of >= ? - interval {RECENT} days order by as_of", [*who, now]),
        pages=settings.pages() or os.path.relpath(settings.PROJECT / "docs" / "alerts", file(problem.name).parent),
    )  # fmt: skip


def _importances(who: list, version: str | None) -> dict[str, float]:
    """Share of the gain by feature of the champion."""
    sql = "select model_version, importances from ledger.model_versions where problem = ? and model_version = ?"
    found = warehouse.rows(sql, [*who, version]) if version else []
    return registry.importances(found[0]) if found else {}


def _monitored(now: datetime) -> date:
    """The day on which the monitors were read last: it was not over, so what they say of it is said of a part."""
    found = warehouse.rows("select max(as_of) as at from ledger.runs where phase = 'monitors' and status = 'succeeded'")
    return (found[0]["at"] or now).date()


def _served(who: list, version: str | None, whole: date) -> Row:
    """How much has been scored: in all, and on the last whole day; and the last day, whole or not."""
    return warehouse.rows(
        "select coalesce(sum(rows), 0)::bigint as rows, max(day) as last_day, max(day) filter (where day < $whole) as whole_day, "
        "max_by(total, day) filter (where day < $whole) as rows_whole_day, "
        "coalesce(sum(rows) filter (where model_version = $version), 0)::bigint as rows_champion from ("
        "select *, sum(rows) over (partition by day)::bigint as total from monitoring.mon_proxies where problem = $problem)",
        {"whole": whole, "version": version, "problem": who[0]},
    )[0]


def _drift(who: list, fewest: int) -> list[Row]:
    """Drift by feature and week; a week by the version that served most of it, and without those that hold too few rows."""
    found = warehouse.rows(
        f"select feature, week, max_by(psi, rows_served) as psi, max(rows_served) as rows_served from monitoring.mon_drift "
        f"where problem = ? and week > (select max(week) from monitoring.mon_drift where problem = ?) - {7 * WEEKS} "
        f"group by all order by week", who * 2,
    )  # fmt: skip
    enough = {row["week"] for row in found if row["feature"] == "score" and row["rows_served"] >= fewest}
    return [row for row in found if row["week"] in enough] if enough else found


def _cells(who: list, version: str | None, last: date | None) -> dict[str, list[Row]]:
    """The cells of the champion's features, score and label by name: rows of training, and rows served in the last weeks."""
    if version is None or last is None:
        return {}
    found: dict[str, list[Row]] = {}
    for row in warehouse.rows(
        f"select cells.feature, cells.kind, cells.low, cells.high, cells.name, cells.rows_trained, "
        f"coalesce(served.rows, 0) as rows_served from monitoring.mon_cells as cells left join ("
        f"select feature, cell, sum(rows)::bigint as rows from monitoring.mon_profiles where problem = $problem "
        f"and model_version = $version and day > $last::date - {RECENT} group by all) as served using (feature, cell) "
        f"where cells.problem = $problem and cells.model_version = $version order by cells.feature, cells.cell",
        {"problem": who[0], "version": version, "last": last},
    ):
        found.setdefault(row["feature"], []).append(row)
    return found


def _proxies(who: list, whole: date) -> list[Row]:
    """The proxies by whole day, versions of a day weighed by their rows; of the day that is not over where there is no other."""
    mean = "sum({0} * rows) / sum(rows) as {0}"
    of_labels = "sum({0} * rows_labelled) filter (where rows_labelled > 0) / nullif(sum(rows_labelled), 0) as {0}"
    told = ", ".join(
        mean.format(name)
        for name in (
            "share_flagged",
            "mean_score",
            "mean_rule_score",
            "entropy",
            "share_labelled",
            "mean_number",
            "share_distinct",
        )
    )
    later = ", ".join(of_labels.format(name) for name in ("label_rate", "mean_score_labelled", "label_delay_hours"))
    found = warehouse.rows(
        f"select day, sum(rows)::bigint as rows, {told}, {later} from monitoring.mon_proxies where problem = ? "
        f"and day > (select max(day) from monitoring.mon_proxies where problem = ?) - {DAYS} group by day order by day", who * 2,
    )  # fmt: skip
    return [row for row in found if row["day"] < whole] or found


def _explained(who: list) -> list[Row]:
    """For [problem, version] the highest scores of the last explained day, with their reasons in words."""
    return warehouse.rows(
        f"with explained as (select * from monitoring.mon_explained where problem = ? and model_version = ?) "
        f"select entity_id, as_of, score, reasons from explained "
        f"where cast(as_of as date) = (select max(cast(as_of as date)) from explained) "
        f"order by score desc, as_of, entity_id limit {EXPLAINED}", who,
    )  # fmt: skip
