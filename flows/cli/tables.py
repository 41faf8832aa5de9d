"""What the verbs show on the terminal of what they did: a replay under way, verdicts, alerts, remarks, a summary."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from rich import box
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from flows.runtime import console
from flows.runtime.terminal import one_line, styled
from ml.errors import AsofError
from ml.monitoring.alerts.message import measured, share

if TYPE_CHECKING:
    from flows.studies.sizing import Sizing

# What `standing` fills at most; five of them are always there.
LINES = 10


@contextmanager
def replaying(until: datetime) -> Iterator[Callable[[str, datetime], None]]:
    """A bar over the days of a replay; each month and each verdict leaves a line."""
    from flows.store import clock  # the warehouse is slow to import, and `--help` opens none

    began, start = time.perf_counter(), clock.now()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console.err, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        last = ""

        def watch(what: str, at: datetime) -> None:
            nonlocal last, start
            day = clock.local(at)
            if what in ("history", "validation") and (what, day.month) != last:
                console.err.print(styled((f"{time.perf_counter() - began:6.1f} s", "dim"), f"  {day:%d %b %Y}  {TOLD[what]}"))
            if what != "history" and start is None:
                start = at
            if start is not None and until > start:
                bar.update(task, total=(until - start).total_seconds(), completed=(at - start).total_seconds())
            bar.update(task, description=f"{day:%d %b %Y}  {what}")
            last = (what, day.month)

        yield watch


TOLD = {
    "history": "history lands, features and labels are built",
    "validation": "a challenger was trained and judged",
}


@contextmanager
def phases() -> Iterator[Callable[[str], None]]:
    """A spinner that names the phase under way; a line for each run that the ledger has of it, failed ones too."""
    from flows.runtime import warehouse
    from flows.store import ledger

    told: list[str] = []
    began = ledger.wall_clock()
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console.err, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def tell() -> None:
            with suppress(AsofError, warehouse.Error):  # what is wrong with the warehouse is told by who works on it
                for row in ledger.since(began)[len(told) :]:
                    told.append(row["run_id"])
                    mark = ("✓", "green") if row["status"] == "succeeded" else ("✗", "red")
                    what = f" {row['phase']}{' of ' + row['problem'] if row['problem'] else ''}: {one_line(row['message'])}"
                    bar.console.print(styled(mark, what, (f"  {row['seconds']:.1f} s", "dim")), soft_wrap=True)

        def watch(phase: str) -> None:
            tell()
            bar.update(task, description=phase)

        try:
            yield watch
        finally:
            tell()


MARKS = {True: ("holds", "green"), False: ("fails", "red"), None: ("open", "yellow")}


def gates(verdict: dict, rows: list[dict]) -> None:
    """A verdict with the gates behind it, slices last."""
    table = Table("gate", "estimate", "interval", "threshold", "p", "", box=box.SIMPLE_HEAD)
    rows = sorted(rows, key=lambda row: (row["gate"].startswith("slice "), row["gate"]))
    for row in rows:
        table.add_row(
            row["gate"],
            console.number(row["estimate"]),
            "" if row["low"] is None else f"{console.number(row['low'])} … {console.number(row['high'])}",
            console.number(row["threshold"]),
            "" if row["p_value"] is None else f"{row['p_value']:.2g}",
            styled(MARKS[row["passed"]]),
        )
    console.out.print(table)
    for row in rows:
        if not row["gate"].startswith("slice ") or not row["passed"]:
            console.out.print(f"  {row['gate']}: {row['reason']}", soft_wrap=True)
    console.out.print(
        styled((verdict["decision"], "bold"), f" {verdict['challenger']} (champion: {verdict['champion'] or 'none'})")
    )


def recommendation(found, headline: str) -> None:
    """A recommendation with the criteria behind it."""
    table = Table("criterion", "measured", "limit", "", box=box.SIMPLE_HEAD)
    for one in found.criteria:
        table.add_row(one.name, one.measured, one.limit, styled(MARKS[one.holds]))
    console.out.print(table)
    console.out.print(styled((headline, "bold")))


def alerts(rows: list[dict]) -> None:
    """Alerts, the worst first: how bad and what, since when and how much, the likely cause. Narrow terminals show it whole."""
    if not rows:
        console.done("no alert is open")
    for row in rows:
        color = {"critical": "red", "warning": "yellow"}.get(row["severity"], "dim") if row["state"] == "open" else "dim"
        what = f"{row['kind']}: {row['subject']}" + (f" ({row['problem']})" if row["problem"] else "")
        state = row["state"] + (f" by {row['by_whom']}" if row["by_whom"] else "")
        facts = f"{row['first_seen']:%d %b} – {row['last_seen']:%d %b %Y}"
        facts += f" · {measured(row)}"
        if row["damage"] is not None:
            facts += f" · {share(row['damage'])} of the decisions in doubt"
        shown = styled((row["short_id"], "bold"), "  ", (f"{row['severity']:8}", color), "  ", one_line(f"{what} · {state}"))
        console.out.print(shown, soft_wrap=True)
        console.out.print(styled(f"        {one_line(facts)}\n        ", (one_line(row["cause"] or ""), "dim")), soft_wrap=True)


def remarks(rows: list[dict], effect: list[dict]) -> None:
    """What people said of predictions, the latest first, and what it changed."""
    if not rows:
        console.done("nobody has said anything yet")
        return
    table = Table("known at", "problem", "by", "entity", "as of", "label", "comment", "", box=box.SIMPLE_HEAD)
    for row in rows:
        label = "" if row["label"] is None else str(row["label"]).lower()
        known, as_of = (row[name][:16].replace("T", " ") for name in ("reported_at", "as_of"))
        cells = (known, row["problem"], row["author"], row["entity_id"], as_of, label, row["comment"] or "", row["state"])
        table.add_row(*(one_line(cell) for cell in cells))
    console.out.print(table)
    for one in effect:
        console.out.print(
            f"  {one['problem']}: {one['remarks']:,} landed remarks (authors: {one['authors']:,}) on "
            f"{one['rows_remarked']:,} rows; {one['rows_corrected']:,} rows corrected, {one['labels_changed']:,} labels changed"
        )


def standing(state) -> None:
    """Whether all is well, in ten lines at most: what asks for somebody is red."""
    from flows.pages.html.words import METRICS, STATES
    from flows.store.clock import local

    word, _, sentence = STATES[state.health["state"]] if state.health else ("Unknown", "", "There are no monitors yet.")
    mark = ("✓", "green") if state.well else ("!", "yellow")
    at = f" as of {local(state.now):%d %B %Y %H:%M} local time: "
    asks = f" But {', '.join(state.asks)}." if state.asks else ""
    _line(mark, " ", (state.problem, "bold"), at, (word.upper(), "bold"), f". {sentence}", (asks, "yellow"))
    landed, quarantined = f"rows landed {state.landed:,}", f"quarantined {state.quarantined:,}"
    _line(f"  {landed} · {quarantined} · scored {state.scored:,} · flagged {state.flagged:,}")
    quality = []
    for one in state.quality:
        name, found = next(iter(one["metrics"].items()))
        quality.append(f"{one['scorer']} {_with_interval(name, found)} ({METRICS[name]}, {one['rows_labelled']:,} rows)")
    known = " · ".join(quality) or "no label of a prediction is known yet"
    _line("  champion ", (state.champion or "none", "bold"), f" · {known}")
    judged = [
        f"{local(row['decided_as_of']):%d %b} {row['challenger']} against {row['champion'] or 'the rule'}: {row['decision']}"
        for row in state.verdicts[-1:]
    ]
    _line("  judged last " + " · ".join([*judged, *(f"in the shadow {row['version']}" for row in state.shadows)] or ["nobody"]))
    _line(*_alerts(state.alerts))
    last = []
    if state.refused:
        last.append(_refused(state.refused))
    if state.held:
        last.append(_held(state.held))
    if state.unwatched:
        last.append(["  ", (f"not looked at since {state.unwatched:%d %B %Y %H:%M} UTC", "red"), ": python -m flows monitor"])
    if state.others:
        last.append(["  other problems " + " · ".join(f"{name} {word}" for name, word in state.others.items())])
    last.append(["  more: python -m flows status --full · " + _open_next(state)])
    room = LINES - 5 - len(last)
    for at, line in enumerate(state.forgotten[:room], 1):
        left = len(state.forgotten) - room if at == room else 0
        more = f" and {left} more" if left > 0 else ""
        _forgotten(line, more)
    for parts in last:
        _line(*parts)


def _line(*parts) -> None:
    console.out.print(styled(*parts), soft_wrap=True)


def _alerts(alerts: list[dict]) -> tuple:
    kinds: dict[str, list[str]] = {}
    for row in alerts:
        kinds.setdefault(row["kind"], []).append(str(row["subject"]))
    told = "; ".join(f"{kind}: {', '.join(names[:4])}{' …' if len(names) > 4 else ''}" for kind, names in kinds.items())
    return "  alerts ", (str(len(alerts)), "bold"), f" ({told})" if told else ""


def _forgotten(line: str, more: str = "") -> None:
    _line("  ", ("landed and not where it must be", "red"), f": {one_line(line)}{more}; see docs/alerts/unreconciled.md")


def _held(why: str) -> tuple:
    more = "; see docs/alerts/volume.md" if "their source" in why else ""
    return "  training is ", ("held", "red"), why.removeprefix("held") + more


def _refused(why: str) -> tuple:
    return "  ", ("scoring is refused", "red"), f": {one_line(why)}"


def _open_next(state) -> str:
    from flows.runtime import settings

    published = settings.published_file()
    if not published.exists():
        return "nothing is published yet: `python -m flows publish` says what is missing"
    return f"open {os.path.relpath(published)}"


def summary(state, why: bool = False) -> None:
    """The short table at the end of a replay; with `why` also the reason of each verdict that is no PROMOTE."""
    from flows.pages.html.words import METRICS
    from flows.runtime import settings
    from flows.store.clock import local

    console.out.print(styled("\n", (state.problem, "bold"), f" as of {local(state.now):%d %B %Y %H:%M} local time"))
    landed, scored = (f"{state.landed:,}", "bold"), (f"{state.scored:,}", "bold")
    quarantined, flagged = (f"{state.quarantined:,}", "bold"), (f"{state.flagged:,}", "bold")
    console.out.print(
        styled("  rows landed ", landed, " · quarantined ", quarantined, " · scored ", scored, " · flagged ", flagged)
    )
    console.out.print(styled("  champion ", (state.champion or "none", "bold")))
    if state.quality:
        named = [METRICS[name] for name in state.quality[0]["metrics"]]
        table = Table("live quality", "rows", *named, box=box.SIMPLE_HEAD)
        for one in state.quality:
            table.add_row(
                one["scorer"], f"{one['rows_labelled']:,}", *map(_with_interval, one["metrics"], one["metrics"].values())
            )
        console.out.print(table)
    if state.verdicts:
        table = Table("judged", "challenger", "against", "verdict", box=box.SIMPLE_HEAD)
        for row in state.verdicts:
            table.add_row(
                f"{local(row['decided_as_of']):%d %b}", row["challenger"], row["champion"] or "the rule", row["decision"]
            )
        console.out.print(table)
        for row in state.verdicts if why else ():
            if row["decision"] != "PROMOTE":
                day, found = f"{local(row['decided_as_of']):%d %b}", row["decision"]
                _line(f"  {day} {row['challenger']} ", (found, "bold"), f": {one_line(row['reason'])}")
    for row in state.shadows:
        console.out.print(styled("  shadow ", (row["version"], "bold"), f" ({_waits(row)})"))
    console.out.print(styled(*_alerts(state.alerts)))
    for line in state.forgotten:
        _forgotten(line)
    if state.refused:
        _line(*_refused(state.refused))
    if state.held:
        _line(*_held(state.held))
    if state.unwatched:
        since = f"not looked at since {state.unwatched:%d %B %Y %H:%M} UTC: what the monitors say is as old"
        _line("  ", (since, "red"), "; look again: python -m flows monitor")
    console.out.print("  seconds " + " · ".join(f"{row['phase']} {row['seconds']:.0f}" for row in state.seconds))
    published = settings.published_file()
    report = published.parent / "reports" / f"{state.problem}.html"
    there = [(report, " (how the model fares)"), (published, " in your BI tool")]
    open_next = [f"{os.path.relpath(file)}{what}" for file, what in there if file.exists()] + ["make docs (lineage)"]
    console.out.print(f"\n  open next: {' · '.join(open_next)}", soft_wrap=True)
    if not published.exists():
        console.out.print("  nothing is published yet: `python -m flows publish` says what is missing", soft_wrap=True)


def _waits(row: dict) -> str:
    """Why a version scores in the shadow since when, and what the settled days say."""
    from flows.store import shadows

    said, found = f"{row['purpose']}, since {row['start']:%d %b}", row["evidence"]
    if found is None:
        return f"{said}; no day is settled yet"
    if found["estimate"] is None:
        return f"{said}; {found['clusters']} settled clusters are too few to say anything"
    return f"{said}; {found['metric']} {shadows.said(found)} against the champion on {found['clusters']} settled clusters"


def _with_interval(metric: str, found: tuple | None) -> Text:
    """`.774 (.759–.789)`; within the first four days there is no interval yet, and of some scorers no value."""
    from flows.pages.html.words import measured

    said, bracket, more = ("" if found is None else measured(metric, *found)).partition(" (")
    return styled(said, (bracket + more, "dim"))


def sizing(found: Sizing, most: int) -> None:
    """The largest tables, what lands, phases, and what ends first."""
    large = Table("table", *_right("rows", "MB"), box=box.SIMPLE_HEAD)
    for one in found.tables[:most]:
        large.add_row(one.name, f"{one.rows:,}", f"{one.mb:,.1f}")
    rest = found.tables[most:]
    if rest:
        large.add_row(f"{len(rest)} others", f"{sum(one.rows for one in rest):,}", f"{sum(one.mb for one in rest):,.1f}")
    lands = Table("what lands", *_right("rows", "rows a day"), box=box.SIMPLE_HEAD)
    for one in found.sources:
        lands.add_row(one.name, f"{one.rows:,}", f"{one.rows_a_day:,.0f}")
    runs = Table("phase", *_right("runs", "median s", "most s", "peak MB"), box=box.SIMPLE_HEAD)
    for one in found.phases:
        peak = "" if one.peak_mb is None else f"{one.peak_mb:,.0f}"
        runs.add_row(one.name, f"{one.runs:,}", f"{one.median_seconds:,.1f}", f"{one.most_seconds:,.1f}", peak)
    ends = Table("this machine", *_right("used", "a day", "there is"), "ends", "then", box=box.SIMPLE_HEAD)
    for one in found.limits:
        growth = "too few days" if one.growth is None else f"{one.growth:+,.2f}"
        at = one.ends_on.isoformat() if one.ends_on else "" if one.growth is None else "never at this rate"
        ends.add_row(f"{one.what}, {one.unit}", f"{one.used:,.0f}", growth, f"{one.there:,.0f}", at, one.then)
    for table in (large, lands, runs, ends):
        console.out.print(table)
    console.out.print(f"as of {found.day}: warehouse {found.warehouse_mb:,.0f} MB, landed files {found.landing_mb:,.0f} MB")


def _right(*names: str) -> list[Column]:
    return [Column(name, justify="right") for name in names]
