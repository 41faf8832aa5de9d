"""Health at a glance, and what changed lately."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

from flows.steps.pages import parts
from flows.steps.pages.card import METRICS
from flows.steps.pages.parts import Html, day, instant, interval, many
from flows.steps.reports import RECENT, Report

# The word, its colour, and what it means in a sentence.
STATES = {
    "HEALTHY": ("Healthy", "good", "The model is healthy."),
    "WATCH": ("Watch", "warn", "The model works, and something asks for a look."),
    "FAILING": ("Failing", "bad", "Something is broken, and the model cannot be trusted until it is mended."),
    "BLIND": ("Blind", "calm", "Nobody can say whether the model is healthy."),
    "NO MODEL": ("No model", "calm", "No model is in office."),
}


def head(report: Report) -> Html:
    """The title, the sentence, and eight facts."""
    word, tone, sentence = STATES[report.health["state"]]
    facts = "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{parts.html(value)}<small>{parts.html(more)}</small></dd></div>"
        for name, value, more in (_champion(report), _live(report), _estimated(report), _alerts(report), _predictions(report),
                                  _freshness(report), _runs(report), _training(report))
    )  # fmt: skip
    return Html(
        f'<header class="{tone}">\n<p class="over"><code>{escape(report.problem.name)}</code> as of {instant(report.now)} UTC</p>\n'
        f"<h1>{escape(report.problem.title)}</h1>\n"
        f'<p class="verdict">{parts.pill(word, tone)} <strong>{sentence}</strong> {escape(_because(report))}</p>\n'
        f'<dl class="facts">\n{facts}\n</dl>\n</header>'
    )


def foot(report: Report) -> Html:
    """Where all of this comes from."""
    return Html(
        f"<footer><p>Written from the tables of the warehouse as of {instant(report.now)} UTC, by "
        f"<code>python -m flows report --problem {escape(report.problem.name)}</code>. Intervals are 95 %, a day is one witness. "
        f"Owner: {escape(report.problem.owner)}.</p></footer>"
    )


def _because(report: Report) -> str:
    health, champion, rule = report.health, report.recent.get("champion"), report.recent.get("rule")
    told = []
    if health["champion"] is None:
        return "Rows are not scored until a challenger is promoted: python -m flows train, then judge."
    if health["state"] == "BLIND":
        last = report.estimates[-1] if report.estimates else None
        why = f"quality cannot be estimated either ({last['blind_because']})" if last else "nothing has been scored yet"
        told.append(f"No label of the last four weeks is known, and {why}.")
    told.append(f"{health['champion']} has been in office since {day(health['champion_since'])}.")
    if champion and champion["value"] is not None:
        better = _better(report)
        told.append(
            f"In the four weeks to {day(champion['period'] + timedelta(days=RECENT - 1))} its {METRICS[report.problem.metric]} was "
            f"{interval(champion['value'], champion['low'], champion['high'])}, the rule's "
            f"{interval(rule['value'], rule['low'], rule['high'])}{better}."
        )
    counts = [(health["critical_alerts"], "critical alert"), (health["warning_alerts"], "warning")]
    standing = " and ".join(many(n, what) for n, what in counts if n)
    told.append(
        f"{standing} {'stands' if sum(n for n, _ in counts) == 1 else 'stand'}." if standing else "No alert asks for anything."
    )
    return " ".join(told)


def _better(report: Report) -> str:
    """Whether the intervals of champion and rule part; silence where there are none."""
    champion, rule = report.recent["champion"], report.recent["rule"]
    if None in (champion["low"], rule["low"]):
        return ""
    if report.problem.metric == "log_loss":
        champion, rule = rule, champion
    if champion["low"] > rule["high"]:
        return ": better beyond chance"
    return ": worse beyond chance" if champion["high"] < rule["low"] else ": the intervals overlap"


def _champion(report: Report) -> tuple:
    champion = report.champion
    if champion is None:
        return "Champion", "none", f"{many(len(report.versions), 'challenger')} trained"
    return (
        "Champion",
        champion["model_version"],
        f"since {day(champion['champion_from'])}, trained as of {day(champion['trained_as_of'])}",
    )


def _live(report: Report) -> tuple:
    champion, rule = report.recent.get("champion"), report.recent.get("rule")
    name = f"Live {METRICS[report.problem.metric]}"
    if champion is None or champion["value"] is None:
        return name, "not known yet", "no label of a prediction has arrived" if champion is None else "both classes are needed"
    return (
        name, interval(champion["value"], champion["low"], champion["high"]),
        f"rule {interval(rule['value'], rule['low'], rule['high'])}, {many(champion['rows_labelled'], 'row')}",
    )  # fmt: skip


def _estimated(report: Report) -> tuple:
    last = report.estimates[-1] if report.estimates else None
    if last is None:
        return "Estimated before labels", "nothing to estimate", "no week has been scored"
    week = f"week of {day(last['period'])}, {last['unknown_share']:.0%} of its labels unknown at its end"
    if last["state"] == "BLIND":
        return "Estimated before labels", "BLIND", f"{last['blind_because']}; {week}"
    return "Estimated before labels", interval(last["estimate"], last["low"], last["high"]), week


def _alerts(report: Report) -> tuple:
    health = report.health
    counts = {name: health[f"{name}_alerts"] for name in ("critical", "warning", "info")}
    total = sum(counts.values())
    return (
        "Alerts that stand",
        "none" if not total else total,
        ", ".join(f"{n} {name}" for name, n in counts.items() if n) or "nothing to do",
    )


def _predictions(report: Report) -> tuple:
    served = report.served
    if not served["rows"]:
        return "Predictions", "none yet", "nothing has been scored"
    return "Predictions", served["rows"], f"{served['rows_last']:,} on {day(served['last_day'])}"


def _freshness(report: Report) -> tuple:
    latest = {row["source"]: row for row in report.volumes}.values()
    behind = max(latest, key=lambda row: row["hours_behind"] or 0, default=None)
    if behind is None or behind["hours_behind"] is None:
        return "Freshness", "not known yet", "no day has been lived"
    scored = report.served["last_day"]
    return (
        "Freshness",
        f"{parts.hours(behind['hours_behind'])} behind",
        f"{behind['source']} is the oldest" + (f"; scored through {day(scored)}" if scored else ""),
    )


def _runs(report: Report) -> tuple:
    failed = [run["phase"] for run in report.runs if run["status"] == "failed"]
    if not report.runs:
        return "Last runs", "none yet", ""
    last = report.runs[0]
    if failed:
        return "Last runs", f"{', '.join(failed)} failed", f"latest: {last['phase']}"
    return "Last runs", "all succeeded", f"{many(len(report.runs), 'phase')}, the latest {last['phase']}"


def _training(report: Report) -> tuple:
    trained = max((one["trained_as_of"] for one in report.versions), default=None)
    last = f"last as of {day(trained)}" if trained else "never trained yet"
    cadence = report.problem.retraining["cadence"]
    return "Next training", day(report.next_training) if report.next_training else cadence, f"declared {cadence}; {last}"


def lately(report: Report) -> Html:
    """Everything that happened to the model in the last four weeks, the latest first."""
    since = report.now - timedelta(days=RECENT)
    told: list[tuple[datetime, str, str]] = []
    for row in report.promotions:
        told.append(
            (
                row["effective_at"],
                row["kind"],
                f"{row['model_version']} takes office" + (f" from {row['previous']}" if row["previous"] else ""),
            )
        )
    for row in report.verdicts:
        told.append((row["decided_as_of"], "verdict", f"{row['challenger']} is judged {row['decision']}"))
    for row in report.versions:
        told.append((row["trained_as_of"], "training", f"{row['model_version']} is trained on {row['rows_trained']:,} rows"))
    for row in report.alerts:
        told.append((row["opened_at"], f"{row['severity']} alert", f"{row['title']}: {row['subject']}"))
        if row["closed_at"]:
            told.append((row["closed_at"], "alert closed", f"{row['title']}: {row['subject']}"))
    for row in report.failures:
        told.append((row["as_of"], "failed run", f"{row['phase']}: {row['message']}"))
    recent = sorted((one for one in told if one[0] and one[0] >= since), key=lambda one: one[0], reverse=True)
    if not recent:
        return parts.section(
            "lately",
            "What changed lately",
            parts.text("Nothing in the last four weeks: same champion, no verdict, no alert, no failed run."),
        )
    items = "\n".join(
        f"<li><time>{day(at)}</time> <b>{escape(what)}</b> <span>{escape(words)}</span></li>" for at, what, words in recent[:12]
    )
    more = f"{len(recent) - 12} more in the ledger." if len(recent) > 12 else ""
    return parts.section(
        "lately", "What changed lately", f'<ol class="lately">\n{items}\n</ol>', parts.text(more) if more else ""
    )
