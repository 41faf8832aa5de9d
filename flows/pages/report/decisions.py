"""Verdicts with their gates, and where the champion errs most."""

from __future__ import annotations

from flows.pages.card.page import ANSWER
from flows.pages.html import parts
from flows.pages.html.chart import COLOURS, dates, figure, svg, themed
from flows.pages.html.parts import Html, day, pill
from flows.pages.html.words import VERDICTS, gate, reason
from flows.pages.report.facts import Report
from flows.store import shadows

KEPT = 8
LEAD = (
    "Each newly trained model, the challenger, passes gates on rows that it has not seen before it becomes champion. "
    f"{VERDICTS} Until a PROMOTE the champion stays."
)
TONES = {"PROMOTE": "good", "KEEP": "bad", "INCONCLUSIVE": "calm"}
ANSWERS = {True: "good", False: "bad", None: "calm"}


def verdicts(report: Report) -> Html:
    """The latest verdicts, what stood in the way of each, and all gates of the last one."""
    if not report.verdicts:
        return parts.section("verdicts", "Verdicts", parts.text("No challenger has been judged yet."), *_shadows(report))
    gates: dict[str, list[dict]] = {}
    for row in report.gates:
        gates.setdefault(row["verdict_id"], []).append(row)
    rows = [_verdict(report, one, gates.get(one["verdict_id"], [])) for one in reversed(report.verdicts[-KEPT:])]
    last = report.verdicts[-1]
    # What does not hold first, then the gates by name, slices last.
    asked = sorted(gates.get(last["verdict_id"], []), key=_place)
    return parts.section(
        "verdicts",
        "Verdicts",
        parts.text(LEAD),
        parts.table("Verdicts", ["judged", "challenger", "against", "decision", "on", "failed or open"], rows),
        f"<h3>The gates of {parts.html(last['challenger'])}</h3>",
        parts.table(
            "Gates of the last verdict",
            ["asked", "", "what was found"],
            [_gate(report, one, asked) for one in asked if _told(one)],
        ),
        parts.text(_rest(asked)),
        *_shadows(report),
    )


def _shadows(report: Report) -> list[Html]:
    """What the settled days say of each version in the shadow, as they came."""
    found: list[Html] = []
    for version in dict.fromkeys(row["model_version"] for row in report.evidence):
        looks = [row for row in report.evidence if row["model_version"] == version]
        told = [row for row in looks if row["estimate"] is not None]
        title = f"<h3>In the shadow: {parts.html(version)} ({parts.html(looks[-1]['purpose'])})</h3>"
        if not told:
            few = f"{looks[-1]['clusters']:,} {report.problem.cluster_unit} are settled: too few to say anything."
            found += [Html(title), parts.text(few)]
            continue
        last = told[-1]
        words = (
            f"By {last['metric']} it is better than {last['champion']} by {shadows.said(last)} "
            f"on {last['clusters']:,} settled {report.problem.cluster_unit}. "
            "The interval holds at every look, however often somebody looks."
        )
        found += [Html(title), parts.text(words), Html(themed(_growing(told)))]
    return found


def _growing(looks: list[dict]) -> str:
    """The difference to the champion by settled days, with its confidence sequence and the margin."""
    with figure(7.0, 2.2) as (fig, axes):
        at = [row["settled_until"].date() for row in looks]
        axes.fill_between(at, [row["low"] for row in looks], [row["high"] for row in looks], color=COLOURS["pale"])
        axes.plot(at, [row["estimate"] for row in looks], color=COLOURS["challenger"], marker="o", markersize=3)
        for bound in (-looks[-1]["margin"], looks[-1]["margin"]):
            axes.axhline(bound, color=COLOURS["bad"], linewidth=1, linestyle=(0, (4, 3)))
        axes.set(ylabel=f"better by ({looks[-1]['metric']})")
        dates(axes, at[0], at[-1])
        said = "; ".join(f"by {one['settled_until']:%d %b} {one['estimate']:+.4f}" for one in looks)
        return svg(fig, "What the settled days say", f"Dashed: the margin. {said}")


def _verdict(report: Report, one: dict, asked: list[dict]) -> list[object]:
    unit = report.problem.cluster_unit
    held = ", ".join(gate(one["gate"], report.words) for one in asked if not one["passed"])
    return [
        day(one["decided_as_of"]), one["challenger"], one["champion"] or "the rule",
        pill(one["decision"], TONES[one["decision"]]), f"{one['rows_judged']:,} rows, {one['clusters']:,} {unit}",
        held or ("all gates hold" if asked else None),
    ]  # fmt: skip


def _place(gate: dict) -> tuple:
    return gate["passed"] is True, gate["gate"].startswith("slice "), gate["gate"]


def _told(gate: dict) -> bool:
    """A slice that holds is counted and not listed: there may be dozens."""
    return not (gate["passed"] and gate["gate"].startswith("slice "))


def _gate(report: Report, one: dict, asked: list[dict]) -> list[object]:
    answer = pill(ANSWER[one["passed"]], ANSWERS[one["passed"]])
    return [parts.said(gate(one["gate"], report.words), one["gate"]), answer, report.told(reason(one, asked, report.words))]


def _rest(asked: list[dict]) -> str:
    quiet = [gate for gate in asked if not _told(gate)]
    return f"Each of {parts.many(len(quiet), 'slice')} by itself holds, too." if quiet else ""


def errors(report: Report) -> Html:
    """Slices that err more than the rest of the same days beyond chance."""
    title = "Where it errs most"
    version = Html(f"<code>{parts.html(report.health['champion'])}</code>")
    if not report.known.num_rows:
        return parts.section("errors", title, parts.text("No outcome of a prediction is known yet."))
    if not report.slices:
        words = f"<p>No slice of what {version} scored errs more than the rest beyond chance. As of {day(report.now)}.</p>"
        return parts.section("errors", title, words)
    rows = [
        [_slice(report, one), one["rows"], f"{one['error_rate']:.1%}", f"{one['rest_error_rate']:.1%}",
         f"{one['difference']:+.1%} ({one['low']:+.1%} to {one['high']:+.1%})", f"{one['mean_score']:.2f}",
         f"{one['label_rate']:.2f}"]
        for one in report.slices
    ]  # fmt: skip
    lead = (
        f"<p>Of {report.slices[0]['slices_looked_at']:,} slices of one or two features of what {version} scored in the last "
        "quarter: those that err more than all other rows of the same days beyond chance (corrected for their number), the "
        "surest first. Each feature is named once. Where more came true than the mean score says, the model says too little; "
        f"where less, too much. As of {day(report.now)}.</p>"
    )
    header = ["slice", "rows", "wrong", "the rest", "more (interval)", "mean score", "came true"]
    return parts.section("errors", title, lead, parts.table("Slices that err most", header, rows, right=[1, 2, 3, 4, 5, 6]))


def _slice(report: Report, one: dict) -> Html:
    cells = [(one[f"feature_{at}"], one[f"cell_{at}"]) for at in (1, 2) if one[f"feature_{at}"]]
    words = " and ".join(report.words(feature).cell(cell) for feature, cell in cells)
    return parts.said(words, " and ".join(f"{feature} {cell}" for feature, cell in cells))
