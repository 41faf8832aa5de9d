"""The summary of health: one sentence and eight facts."""

from __future__ import annotations

from html import escape

from flows.pages.html import parts
from flows.pages.html.parts import Html, day, instant, interval_of, many
from flows.pages.html.words import METRICS, STATES, measured, read
from flows.pages.report.facts import Report
from ml.statistics.evaluate import NAMED


def head(report: Report) -> Html:
    """The title, the sentence, and eight facts."""
    word, tone, sentence = STATES[report.health["state"]]
    told = (_champion, _live, _estimated, _alerts, _predictions, _freshness, _runs, _training)
    facts = "\n".join(
        f"<div><dt>{parts.html(name)}</dt><dd>{parts.html(value)}<small>{parts.html(more)}</small></dd></div>"
        for name, value, more in (one(report) for one in told)
    )
    return Html(
        f'<header class="{tone}">\n'
        f'<p class="over"><code>{escape(report.problem.name)}</code> as of {instant(report.now)} UTC. {_look(report)}</p>\n'
        f"<h1>{escape(report.problem.title)}</h1>\n"
        f'<p class="verdict">{parts.pill(word, tone)} <strong>{sentence}</strong> {escape(_because(report))}</p>\n'
        f'<dl class="facts">\n{facts}\n</dl>\n</header>'
    )


def foot(report: Report) -> Html:
    """Where all of this comes from."""
    return Html(
        f"<footer><p>Written from the tables of the warehouse as of {instant(report.now)} UTC by "
        f"<code>python -m flows report --problem {escape(report.problem.name)}</code>. Intervals are 95 %, over days. "
        f"Owner: {escape(report.problem.owner)}.</p></footer>"
    )


def _look(report: Report) -> Html:
    """When the monitors were looked at and when the next look is due: a page cannot know how late it is read."""
    looked, due = report.health["looked_at"], report.health["look_due_at"]
    if looked is None:
        return Html("<strong>The monitors have not been looked at yet.</strong>")
    said = f"<strong>Looked at {instant(looked)} UTC</strong>, in real time"
    if due is None:
        return Html(f"{said}; looks do not come by a schedule.")
    return Html(f"{said}; the next look is due by {instant(due)}. Read later than that, this page may be out of date.")


def _because(report: Report) -> str:
    health = report.health
    if health["champion"] is None:
        return "Nothing is scored until a challenger is promoted: python -m flows train, then judge."
    told = [f"{health['champion']} has been champion since {day(health['champion_since'])}."]
    if health["state"] == "UNWATCHED":
        told.append(
            f"Not looked at since {instant(health['looked_at'])} UTC: what follows is as old. Run python -m flows monitor."
        )
    if health["state"] == "BLIND":
        last = report.estimates[-1] if report.estimates else None
        unknown = "quality cannot be estimated yet" if report.served["rows"] else "nothing has been scored"
        why = f"quality cannot be estimated: {last['blind_because']}" if last else unknown
        known = [row["label_delay_hours"] for row in report.proxies if row["label_delay_hours"] is not None]
        wait = f"; half of the labels come within {parts.hours(known[-1])}" if known else ""
        newest = f"The newest label is of {day(through)}" if (through := health["measured_through"]) else "No label is known"
        told.append(f"{newest}{wait}, and {why}.")
    metric, champion, rule = report.problem.metric, report.recent.get("champion"), report.recent.get("rule")
    if champion and champion["value"] is not None:
        told.append(
            f"In the four weeks to {day(champion['last_day'])} predictions reached a {METRICS[metric]} ({read(metric)}) "
            f"of {interval_of(champion, metric)}, the rule {interval_of(rule, metric)}{_better(report)}."
        )
    counts = [(health["critical_alerts"], "critical alert"), (health["warning_alerts"], "warning")]
    standing = " and ".join(many(n, what) for n, what in counts if n)
    verb = "stands" if sum(n for n, _ in counts) == 1 else "stand"
    return " ".join([*told, f"{standing} {verb}: each says below what to do." if standing else "No alert asks for anything."])


def _better(report: Report) -> str:
    """Whether the intervals of champion and rule part; nothing where there are none."""
    one, other = report.recent["champion"], report.recent["rule"]
    if None in (one["low"], other["low"]):
        return ""
    if NAMED[report.problem.metric].sign < 0:
        one, other = other, one
    if one["low"] > other["high"]:
        return ": better beyond chance"
    return ": worse beyond chance" if one["high"] < other["low"] else ", and the intervals overlap: the difference may be chance"


def _champion(report: Report) -> tuple:
    one = report.champion
    if one is None:
        return "Champion", "none", f"{many(len(report.versions), 'challenger')} trained so far"
    return "Champion", one["model_version"], f"since {day(one['champion_from'])}, trained as of {day(one['trained_as_of'])}"


def _live(report: Report) -> tuple:
    name = f"Live {METRICS[report.problem.metric]}, four weeks"
    champion, rule = report.recent.get("champion"), report.recent.get("rule")
    if champion is None:
        return name, "not known yet", "no label of a prediction has arrived"
    if champion["value"] is None:
        return name, "not known yet", "labels of one kind only have arrived"
    metric = report.problem.metric
    rows = f"{many(champion['rows_labelled'], 'row')} on {many(champion['clusters'], 'day')}"
    told = f"rule {interval_of(rule, metric)}; {rows}; {read(metric)}"
    return name, interval_of(champion, metric), told


def _estimated(report: Report) -> tuple:
    name = "Estimated before labels"
    latest = {row["grain"]: row for row in report.estimates}
    if not latest:
        return name, "nothing yet", "nothing has been scored"
    # A week is the surer of the two; young models have estimates of days only.
    one = next((latest[g] for g in ("week", "day") if g in latest and latest[g]["state"] == "ESTIMATED"), None)
    if one is None:
        last = latest.get("week") or latest["day"]
        return name, "cannot be said", last["blind_because"]
    when = f"week of {day(one['period'])}" if one["grain"] == "week" else day(one["period"])
    return (
        name,
        measured(report.problem.metric, one["estimate"], one["low"], one["high"]),
        f"{when}, {one['unknown_share']:.0%} of its labels unknown at its end",
    )


def _alerts(report: Report) -> tuple:
    words = {"critical": "critical", "warning": "warning", "info": "note"}
    counts = {word: report.health[f"{name}_alerts"] for name, word in words.items()}
    told = ", ".join(f"{n} critical" if word == "critical" else many(n, word) for word, n in counts.items() if n)
    return "Alerts that stand", sum(counts.values()) or "none", told or "nothing to do"


def _predictions(report: Report) -> tuple:
    served = report.served
    if not served["rows"]:
        return "Predictions", "none yet", "nothing has been scored"
    last = (
        f"{served['rows_whole_day']:,} on {day(served['whole_day'])}"
        if served["whole_day"]
        else f"since {day(served['last_day'])}"
    )
    return "Predictions", served["rows"], last


def _freshness(report: Report) -> tuple:
    """The source that is latest by its own past, as `mon_silent_sources` has it: one that comes rarely is never late."""
    if not report.ages:
        return "Freshness", "not known yet", "no source has brought newer rows often enough to say what is usual"
    late = [row for row in report.ages if row["is_silent"]]
    alive = [row for row in report.ages if row["hours_behind"] <= 1.5 * row["hours_usual"]]
    one = max(late or alive or report.ages, key=lambda row: row["hours_behind"] - row["hours_usual"])
    extra = parts.hours(one["hours_behind"] - one["hours_usual"])
    value = f"{extra} late" if late else "as usual" if alive else "ended"
    behind, usual = parts.hours(one["hours_behind"]), parts.hours(one["hours_usual"])
    return "Freshness", value, f"{one['source']} is {behind} behind, usually up to {usual}"


def _runs(report: Report) -> tuple:
    if not report.runs:
        return "Last runs", "none yet", "nothing has run"
    failed = [run["phase"] for run in report.runs if run["status"] == "failed"]
    last = f"the latest: {report.runs[0]['phase']}"
    return "Last runs", f"{', '.join(failed)} failed" if failed else "all succeeded", f"{many(len(report.runs), 'phase')}, {last}"


def _training(report: Report) -> tuple:
    policy, trained, coming = report.problem.retraining, report.trained_as_of, report.next_training
    declared = " or ".join([policy.cadence, *(one.replace("_", " ") for one in policy.triggers)])
    if trained is None:
        return "Next training", "due", f"the first; then {declared}"
    value = policy.cadence if coming is None else "due" if coming <= report.now else day(coming)
    return "Next training", value, f"declared {declared}; last as of {day(trained)}"
