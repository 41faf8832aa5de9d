"""What people see on the terminal: progress while it works, tables when it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def done(line: str) -> None:
    """One line that says what happened."""
    out.print(f"[green]✓[/] {line}", soft_wrap=True)


def fail(line: str) -> None:
    """One line that says what is wrong and what to do."""
    err.print(f"[red]✗[/] {line}", soft_wrap=True, markup=False) if "[" in line else err.print(
        f"[red]✗[/] {line}", soft_wrap=True
    )


@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner with seconds while a step works."""
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True) as bar:
        bar.add_task(what, total=None)
        yield


@contextmanager
def rounds() -> Iterator[Callable[[str, int, int], None]]:
    """A bar per stage of a training."""
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(stage: str, at: int, total: int) -> None:
            task = tasks.setdefault(stage, bar.add_task(stage, total=total) if stage not in tasks else tasks.get(stage))
            bar.update(task, completed=at, total=total)

        yield report


@contextmanager
def living(until: datetime) -> Iterator[Callable[[str, datetime], None]]:
    """A bar over the days of a replay; each month and each verdict leaves a line."""
    from flows.steps import clock

    began, start = time.perf_counter(), clock.now()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        last = ""

        def watch(what: str, at: datetime) -> None:
            nonlocal last, start
            day = clock.local(at)
            if what in ("history", "training", "validation") and (what, day.month) != last:
                err.print(f"[dim]{time.perf_counter() - began:6.1f} s[/]  {day:%d %b %Y}  {TOLD[what]}")
            if what != "history" and start is None:
                start = at
            if start is not None and until > start:
                bar.update(task, total=(until - start).total_seconds(), completed=(at - start).total_seconds())
            bar.update(task, description=f"{day:%d %b %Y}  {what}")
            last = (what, day.month)

        yield watch


TOLD = {
    "history": "history lands, features and labels are built",
    "training": "a challenger is trained",
    "validation": "the challenger is judged",
}


def gates(verdict: dict, rows: list[dict]) -> None:
    """A verdict with the gates behind it, slices last."""
    table = Table("gate", "estimate", "interval", "margin", "p", "", box=box.SIMPLE_HEAD)
    rows = sorted(rows, key=lambda row: (row["gate"].startswith("slice "), row["gate"]))
    for row in rows:
        mark = {True: "[green]holds[/]", False: "[red]fails[/]", None: "[yellow]open[/]"}[row["passed"]]
        table.add_row(
            row["gate"],
            number(row["estimate"]),
            "" if row["low"] is None else f"{number(row['low'])} … {number(row['high'])}",
            number(row["margin"]),
            "" if row["p_value"] is None else f"{row['p_value']:.2g}",
            mark,
        )
    out.print(table)
    for row in rows:
        if not row["gate"].startswith("slice ") or not row["passed"]:
            out.print(f"  {row['gate']}: {row['reason']}", soft_wrap=True)
    out.print(f"[bold]{verdict['decision']}[/] {verdict['challenger']} (champion: {verdict['champion'] or 'none'})")


def recommendation(found, headline: str) -> None:
    """A recommendation with the criteria behind it."""
    table = Table("criterion", "measured", "limit", "", box=box.SIMPLE_HEAD)
    for one in found.criteria:
        mark = {True: "[green]holds[/]", False: "[red]fails[/]", None: "[yellow]open[/]"}[one.holds]
        table.add_row(one.name, one.measured, one.limit, mark)
    out.print(table)
    out.print(f"[bold]{headline}[/]")


def alerts(rows: list[dict]) -> None:
    """Alerts, the worst first: how bad and what, since when and how much, the likely cause. Narrow terminals show it whole."""
    from ml.alerts.message import measured, share

    if not rows:
        done("no alert is open")
    for row in rows:
        color = {"critical": "red", "warning": "yellow"}.get(row["severity"], "dim") if row["state"] == "open" else "dim"
        what = f"{row['kind']}: {row['subject']}" + (f" ({row['problem']})" if row["problem"] else "")
        state = row["state"] + (f" by {row['by_whom']}" if row["by_whom"] else "")
        facts = f"{row['first_seen']:%d %b} – {row['last_seen']:%d %b %Y}"
        facts += f" · {measured(row)}"
        if row["damage"] is not None:
            facts += f" · {share(row['damage'])} of the decisions in doubt"
        out.print(f"[bold]{row['short_id']}[/]  [{color}]{row['severity']:8}[/]  {what} · {state}", soft_wrap=True)
        out.print(f"        {facts}\n        [dim]{row['cause']}[/]", soft_wrap=True)


def remarks(rows: list[dict], effect: list[dict]) -> None:
    """What people said of predictions, the latest first, and what it changed."""
    if not rows:
        done("nobody has said anything yet")
        return
    table = Table("known at", "by", "entity", "as of", "label", "comment", "", box=box.SIMPLE_HEAD)
    for row in rows:
        label = "" if row["label"] is None else str(row["label"]).lower()
        when = (f"{row[name]:%Y-%m-%d %H:%M}" for name in ("reported_at", "as_of"))
        table.add_row(next(when), row["author"], row["entity_id"], next(when), label, row["comment"] or "", row["state"])
    out.print(table)
    for one in effect:
        out.print(
            f"  {one['remarks']:,} landed remarks (authors: {one['authors']:,}) on {one['rows_remarked']:,} rows; "
            f"{one['rows_corrected']:,} rows corrected, {one['labels_changed']:,} labels changed"
        )


def summary(state) -> None:
    """The short table at the end of a replay."""
    from flows.steps.clock import local

    out.print(f"\n[bold]{state.problem}[/] as of {local(state.now):%d %B %Y %H:%M} local time")
    out.print(
        f"  rows landed [bold]{state.landed:,}[/] · quarantined [bold]{state.quarantined:,}[/] · "
        f"scored [bold]{state.scored:,}[/] · flagged [bold]{state.flagged:,}[/]"
    )
    out.print(f"  champion [bold]{state.champion or 'none'}[/]")
    if state.quality:
        table = Table("live quality", "rows", "ROC AUC", "PR AUC", "log loss", box=box.SIMPLE_HEAD)
        for one in state.quality:
            table.add_row(
                one["scorer"],
                f"{one['rows_labelled']:,}",
                *(_with_interval(one, name) for name in ("roc_auc", "pr_auc", "log_loss")),
            )
        out.print(table)
    if state.verdicts:
        table = Table("judged", "challenger", "against", "verdict", box=box.SIMPLE_HEAD)
        for row in state.verdicts:
            table.add_row(
                f"{local(row['decided_as_of']):%d %b}", row["challenger"], row["champion"] or "the rule", row["decision"]
            )
        out.print(table)
    kinds: dict[str, list[str]] = {}
    for row in state.alerts:
        kinds.setdefault(row["kind"], []).append(str(row["subject"]))
    told = "; ".join(f"{kind}: {', '.join(names[:4])}{' …' if len(names) > 4 else ''}" for kind, names in kinds.items())
    out.print(f"  alerts [bold]{len(state.alerts)}[/]" + (f" ({told})" if told else ""))
    if state.unwatched:
        since = f"not looked at since {state.unwatched:%d %B %Y %H:%M} UTC: what the monitors say is as old"
        out.print(f"  [red]{since}[/]; look again: python -m flows monitor", soft_wrap=True)
    out.print("  seconds " + " · ".join(f"{row['phase']} {row['seconds']:.0f}" for row in state.seconds))
    report = f"published/reports/{state.problem}.html (how the model fares)"
    out.print(f"\n  open next: {report} · published/analytics.duckdb in your BI tool · make docs (lineage)", soft_wrap=True)


def _with_interval(row: dict, metric: str) -> str:
    """`.774 (.759–.789)`; within the first four days there is no interval yet."""
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return f"{row[metric]:.3f}" + ("" if low is None else f" [dim]({low:.3f}–{high:.3f})[/]")


def number(value: float | None) -> str:
    """A short number, empty where there is none."""
    return "" if value is None else f"{value:.4g}"
