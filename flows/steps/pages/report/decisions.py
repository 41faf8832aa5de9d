"""Verdicts with their gates, and where the champion errs most."""

from __future__ import annotations

from flows.steps.pages import parts
from flows.steps.pages.card import ANSWER
from flows.steps.pages.parts import Html, day, pill
from flows.steps.reports import Report

KEPT = 8
TONES = {"PROMOTE": "good", "KEEP": "bad", "INCONCLUSIVE": "calm"}
ANSWERS = {True: "good", False: "bad", None: "calm"}


def verdicts(report: Report) -> Html:
    """The latest verdicts, what stood in the way of each, and all gates of the last one."""
    if not report.verdicts:
        return parts.section("verdicts", "Verdicts", parts.text("No challenger has been judged yet."))
    gates = {}
    for row in report.gates:
        gates.setdefault(row["verdict_id"], []).append(row)
    rows = []
    for one in reversed(report.verdicts[-KEPT:]):
        asked = gates.get(one["verdict_id"], [])
        held = [gate["gate"] for gate in asked if not gate["passed"]]
        rows.append([day(one["decided_as_of"]), one["challenger"], one["champion"] or "the rule", pill(one["decision"], TONES[one["decision"]]),
                     f"{one['rows_judged']:,} rows, {one['clusters']} days" if report.problem.cluster == "day" else one["rows_judged"],
                     ", ".join(held) or ("all gates hold" if asked else None)])  # fmt: skip
    last = report.verdicts[-1]
    asked = sorted(
        gates.get(last["verdict_id"], []),
        key=lambda gate: (gate["passed"] is True, gate["gate"].startswith("slice "), gate["gate"]),
    )
    table = [
        [gate["gate"], pill(ANSWER[gate["passed"]], ANSWERS[gate["passed"]]), gate["estimate"],
         None if gate["low"] is None else f"{gate['low']:.4g} to {gate['high']:.4g}" if gate["high"] is not None else f"from {gate['low']:.4g}", gate["margin"], gate["reason"]]
        for gate in asked
    ]  # fmt: skip
    return parts.section(
        "verdicts", "Verdicts",
        parts.table("Verdicts", ["judged", "challenger", "against", "decision", "on", "fails or open"], rows),
        f"<h3>The gates of {parts.html(last['challenger'])}</h3>",
        parts.text(last["reason"]),
        parts.table("Gates of the last verdict", ["gate", "", "estimate", "interval", "margin", "in words"], table, right=[2, 4]),
    )  # fmt: skip


def errors(report: Report) -> Html:
    """Slices that err more than the rest of the same days beyond chance."""
    if not report.slices:
        words = (
            "No slice errs more than the rest beyond chance."
            if report.known.num_rows
            else "No outcome of a prediction is known yet."
        )
        return parts.section("errors", "Where it errs most", parts.text(words))
    looked = report.slices[0]["slices_looked_at"]
    rows = [
        [_slice(one), one["rows"], f"{one['error_rate']:.1%}", f"{one['rest_error_rate']:.1%}", f"{one['difference']:+.1%} ({one['low']:+.1%} to {one['high']:+.1%})",
         f"{one['mean_score']:.2f}", f"{one['label_rate']:.2f}"]
        for one in report.slices
    ]  # fmt: skip
    lead = (
        f"Of {looked:,} slices of one or two features in the last quarter: those that err more than all other rows of the same days "
        f"beyond chance (corrected for their number), the surest first. Each feature is named once."
    )
    return parts.section(
        "errors",
        "Where it errs most",
        parts.text(lead),
        parts.table(
            "Slices that err most",
            ["slice", "rows", "wrong", "the rest", "more (interval)", "mean score", "came true"],
            rows,
            right=[1, 2, 3, 5, 6],
        ),
    )


def _slice(one: dict) -> str:
    return f"{one['feature_1']} {one['cell_1']}" + (f" and {one['feature_2']} {one['cell_2']}" if one["feature_2"] else "")
