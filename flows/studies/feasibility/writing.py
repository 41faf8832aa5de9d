"""The measured half of a design document: sentences around numbers, tables only where numbers are compared."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

from flows.pages.html.page import table
from flows.pages.html.words import interval, signed
from flows.studies.feasibility import of_task, words
from flows.studies.feasibility.drawing import NEARLY_ALWAYS
from flows.studies.feasibility.measuring import Measured
from flows.studies.feasibility.words import NAMES, OPEN
from ml.studies.feasibility.recommend import ML, NOT_YET, RULE, SAID, periods_to_show
from ml.studies.feasibility.trial import CANDIDATES, LINEAR_ROWS

HEADLINES = {
    ML: "Recommended: machine learning.",
    RULE: "Recommended: the rule. Machine learning is not worth it here.",
    NOT_YET: "Not yet: this cannot be decided, or should not be started, today.",
}
MARKS = {True: "holds", False: "**does not hold**", None: "open"}
FREE = "No costs of errors are declared, so nothing is said of what decisions save"


def summary(measured: Measured) -> str:
    """The first screen: the recommendation, three numbers, one picture."""
    told = f"> **{HEADLINES[measured.recommendation.answer]}** {_because(measured)}"
    numbers = _headline(measured) if measured.tried else _counted(measured)
    shown = table([number for number, _ in numbers], [[text for _, text in numbers]])
    right = ". Right: what deciding by each saves" if measured.tried and measured.tried.findings.worth else ""
    picture = f"![{'Left: q' if right else 'Q'}uality by period, with intervals over days{right}](summary.svg)"
    quick = ", with `--quick`: fewer periods, wider intervals" if measured.quick else ""
    basis = (
        f"As of {measured.now:%d %B %Y %H:%M} UTC, from {measured.counts.rows:,} labelled rows{quick}. "
        f"Intervals hold {1 - measured.problem.alpha:.0%}, over days."
    )
    return "\n\n".join([told, shown, *([picture] if measured.tried else []), basis])


def _because(measured: Measured) -> str:
    if not measured.tried:
        return f"{measured.refused[:1].upper()}{measured.refused[1:]}."
    answer, found = measured.recommendation, measured.tried.findings
    if answer.answer != ML:
        return f"What decides: {'; '.join(answer.because)}. {_more(measured)}"
    gain, extra, worth = measured.money(found.gain), measured.bill.extra, ""
    if gain is not None and extra is not None:
        saved, spent = words.money(measured, gain.estimate), words.money(measured, extra)
        worth = f" It saves {saved} a month more than the rule and costs {spent} more."
    return (
        f"On {found.rows:,} rows that it had not seen, LightGBM is ahead of the rule in {found.won} of {len(found.periods)} "
        f"periods.{worth}{_simpler(measured)}"
    )


def _more(measured: Measured) -> str:
    """What more would decide it, and why gates may have promoted models all the same."""
    found, days = measured.tried.findings, measured.counts.days
    periods = len(found.periods)
    wanted = periods_to_show(found.better, periods)
    more = ""
    if wanted:
        longer = f"{wanted:,} periods of {found.fold_days:.0f} days instead of {periods}"
        more = f"If the lead over the rule is as large as measured, {signed(found.better)}, about {longer} would show it"
        more += f" (the history has {days} days). "
    return more + (
        "Gates ask of a single model whether it may replace the one that is served; here it is asked whether machine learning is "
        "worth building and keeping, so that a gate may promote and this may still say no."
    )


def _simpler(measured: Measured) -> str:
    """Whether a model that people can read would do as well."""
    found = measured.tried.findings
    if found.bent.low > 0 and (found.lead is None or found.lead.low > 0):
        return ""
    if found.bent.low > 0:
        return " A linear model comes close: it orders a little worse, and in savings the two cannot be told apart."
    return " A linear model, which people can read, cannot be told apart from it: begin with that."


def _headline(measured: Measured) -> list[tuple[str, str]]:
    found, hours = measured.tried.findings, measured.problem.framing.upkeep
    unit = words.unit(measured)
    rule, line = found.pooled["rule"].estimate, found.pooled["linear"].estimate
    numbers = [
        (f"{found.pooled['model'].estimate:.3f}", f"{SAID[found.metric]} of LightGBM; rule {rule:.3f}, linear model {line:.3f}"),
    ]
    if found.gain is not None:
        gain = words.in_unit(measured, found.gain)
        numbers.append((f"{gain.estimate:+,.0f}", f"{unit} more saved than by the rule; {gain.low:,.0f} to {gain.high:,.0f}"))
    if measured.bill.extra is None:
        return [*numbers, (words.span(measured.counts.delay[0]), "until the truth about a row is known, usually")]
    people = f"{hours.ml_hours - hours.rule_hours:g} more hours of people, and machines"
    return [*numbers, (f"{measured.bill.extra:+,.0f}", f"{unit} more spent than on the rule: {people}")]


def _counted(measured: Measured) -> list[tuple[str, str]]:
    counts = measured.counts
    told = {"rows with a label": counts.rows, of_task.of(measured.problem).kind: counts.rarer, "days with labels": counts.days}
    return [(f"{number:,}", text) for text, number in told.items()]


def why(measured: Measured) -> str:
    """The criteria behind the recommendation."""
    rows = [[one.name, one.measured, one.limit, MARKS[one.holds], one.reason] for one in measured.recommendation.criteria]
    text = "## Why\n\nMachine learning is recommended where every criterion holds that can be asked.\n\n"
    text += table(["criterion", "measured", "limit", "", "because"], rows)
    unasked = ", ".join(one.name for one in measured.recommendation.open)
    return text + (f"\n\nNot asked, because something is not measured or not declared: {unasked}." if unasked else "")


def facts(measured: Measured) -> str:
    """What was measured, in the order in which people ask."""
    parts = ["## Facts", *(_data(measured) if measured.counts.rows else ["There is no row with a known label."])]
    if measured.tried:
        parts += [*_difficulty(measured), *_time(measured), *_price(measured)]
    else:
        parts.append(f"No model was tried: {measured.refused}.")
    return "\n\n".join(parts)


def _data(measured: Measured) -> Iterable[str]:
    counts, declared = measured.counts, measured.problem.framing.label
    usual, nearly, worst = (words.span(delay) for delay in counts.delay)
    kind = f"is **{declared.kind}**: {declared.reason or OPEN}" if declared.kind else f"is direct or a proxy: {OPEN}."
    rate = of_task.of(measured.problem).rate(measured.problem, counts.mean)
    yield "### Data and labels"
    yield (
        f"**{counts.rows:,}** labelled rows of {counts.entities:,} entities on {counts.days} days, {counts.first:%d %b %Y} to "
        f"{counts.last:%d %b %Y}; {rate}. The truth is known {usual} after `as_of` at "
        f"the median, {nearly} for 95 % of rows, {worst} at worst; {counts.waiting:,} rows still wait for it. "
        f"{words.times(counts.duplicates, 'row')} with a key that was there before, {words.times(counts.alike, 'row').lower()} "
        f"equal to another in every feature. The label {kind}"
    )
    yield "![How the label rate moves by itself](labels.svg)"
    rare = [one for one in counts.features if one.share < NEARLY_ALWAYS]
    still = ", ".join(f"`{one.name}`" for one in counts.features if not one.varies)
    yield "### Known at the instant of the prediction"
    yield (
        f"**{len(counts.features) - len(rare)} of {len(counts.features)}** features are known in at least {NEARLY_ALWAYS:.1%} of "
        f"rows. Null also means that nothing happened in a feature's window."
        + (f" Without any variation: {still}." if still else "")
    )
    if rare:
        yield "![The least known features; the appendix lists all that are not always known](known.svg)"
    if counts.sources:
        ages = ", ".join(f"`{one.name}` {words.span(one.age[0])}" for one in counts.sources)
        yield f"The newest fact was, at the median of all instants, so old: {ages}."


def _difficulty(measured: Measured) -> Iterable[str]:
    found, said = measured.tried.findings, of_task.of(measured.problem)
    # Of a yes-or-no question the three stand there also where one of them is the declared metric.
    others = [one for one in said.others if one != found.metric or found.curves]
    rows = []
    for name in CANDIDATES:
        figures, worth = [f"{found.others[name][one]:.3f}" for one in others], found.worth.get(name)
        decided = [f"{worth.flagged:.0%}", words.whole(words.in_unit(measured, worth.interval))] if worth else []
        rows.append([f"**{NAMES[name]}**", interval(found.pooled[name]), *figures, *decided])
    head = ["", SAID[found.metric], *(SAID[one] for one in others)]
    head += ["flagged", f"saved, {words.unit(measured)}"] if found.worth else []
    yield "### How hard is it, and what is it worth"
    yield table(head, rows)
    yield (
        f"On the same {found.rows:,} rows, walking forward through {len(found.periods)} periods. LightGBM − rule "
        f"**{signed(found.better)}**, linear − rule {signed(found.line)}, LightGBM − linear "
        f"{signed(found.bent)}. {_costs(measured)}."
    )
    if found.curves:
        yield "![Savings by threshold; the dots are each one's best](worth.svg)"
    top = list(found.importances.items())[:5]
    told = (
        f"**Interpretability.** Five features make up {sum(share for _, share in top):.0%} of what the trees gain: "
        f"{', '.join(f'`{name}`' for name, _ in top)}."
    )
    if found.lead is not None:
        lead = words.whole(words.in_unit(measured, found.lead), "+")
        told += f" LightGBM saves {lead} {words.unit(measured)} more than the linear model, which people can read."
    yield told


def _costs(measured: Measured) -> str:
    """What errors cost, how rows were decided, and what savings are counted against."""
    found, said = measured.tried.findings, of_task.of(measured.problem)
    if not found.worth:
        return FREE
    best, declared = "each used at the threshold that suits it best", "flagged as declared"
    how = "decided by what is predicted" if not found.curves else best if found.worth["model"].how == "best" else declared
    return f"{said.costs(measured.problem)}; {how}; {said.blind}"


def _time(measured: Measured) -> Iterable[str]:
    found, margin = measured.tried.findings, measured.problem.margin
    last = [one.doubled for one in found.learning if one.doubled]
    yield "### More data, and age"
    yield "![Left: learning from the latest part of the history only. Right: against a model that was retrained](time.svg)"
    if last:
        helps = (
            "More data helps"
            if last[-1].low > 0
            else "More data no longer helps"
            if last[-1].high < margin
            else "It is open whether more data helps"
        )
        reached = f"to {found.learning[-1].days:.0f} days of history"
        yield f"**{helps}.** The last doubling, {reached}, brought {signed(last[-1])}."
    kept, lost = found.keeps(margin), [age * found.fold_days for age, one in found.stale.items() if one.low > 0]
    lasts = (
        f"**A frozen model keeps {kept:.0f} days longer**: until then it is shown to lose no more than the margin, {margin:g}."
        if kept
        else f"**Retrain every {found.fold_days:.0f} days**: a model one period older may lose more than the margin, {margin:g}."
    )
    loses = f"It is shown to lose from {lost[0]:.0f} days on." if lost else "No loss is shown at any age that was measured."
    yield f"{lasts} {loses} Declared is a {measured.problem.retraining.cadence} retraining."


def _price(measured: Measured) -> Iterable[str]:
    tried, owed, batch = measured.tried, measured.bill, measured.tried.batch
    needs, fit = measured.problem.framing.needs, tried.fits[-1]
    start = batch.process_seconds - batch.seconds
    million = words.money(measured, owed.per_million)
    million += ", features included" if measured.feature_seconds else ", features not included"
    parts = {"people": owed.people_model, "retraining": owed.retraining, "scoring": owed.scoring, "features": owed.features}
    month = ", ".join(f"{name} {words.money(measured, value)}" for name, value in parts.items())
    budget, memory, seconds = measured.problem.budget.train_seconds, words.limit(needs.memory_mb, "MB"), needs.batch_seconds
    seconds, speed, explained = words.limit(seconds, "s"), batch.rows / batch.seconds, batch.explained / batch.rows
    yield "### What it costs"
    yield table(
        ["", "measured", "needed"],
        [
            ["one fit", f"{measured.fit_seconds:.1f} s on {fit.rows:,} rows", words.limit(budget, "s a training")],
            ["memory", f"{tried.memory_mb:,.0f} MB with all rows, {batch.memory_mb:,.0f} MB in a batch", memory],
            ["a batch", f"{start:.1f} s to start, then {speed:,.0f} rows a second, {explained:.0%} with reasons", seconds],
            ["the model", f"{batch.model_mb:.1f} MB", ""],
            ["a million rows", million, ""],
            ["a month of the model", month, ""],
            ["a month of the rule", f"people {words.money(measured, owed.people_rule)}", ""],
        ],
    )  # fmt: skip
    yield f"Load: {measured.rows_per_month:,.0f} rows a month. Platform: {needs.platform or OPEN} Measured on {measured.machine}."


def appendix(measured: Measured) -> str:
    """Tables for those who check."""
    parts, counts = ["## Appendix"], measured.counts
    if measured.tried:
        column = of_task.of(measured.problem).column(measured.problem)
        rows = [
            [f"{one.start.item():%d %b} to {one.end.item():%d %b}", one.rows, of_task.of(measured.problem).mean(one.rate),
             *(interval(one.metric[name]) for name in CANDIDATES)]
            for one in measured.tried.findings.periods
        ]  # fmt: skip
        parts += ["### By period", table(["period (UTC)", "rows", column, *(NAMES[name] for name in CANDIDATES)], rows)]
    if counts.sources:
        rows = [[f"`{one.name}`", *map(words.span, one.age), one.without] for one in counts.sources]
        head = ["table", "median", "95 %", "worst", "instants before its first row"]
        parts += ["### Age of the newest fact at `as_of`, whatever it is about", table(head, rows)]
    if rare := [one for one in counts.features if one.share < NEARLY_ALWAYS]:
        told = ", ".join(f"`{one.name}` {one.share:.0%} ({one.lowest:.0%} in {one.month:%B})" for one in rare)
        parts += ["### Features that are not always known, and their worst month", f"{told}."]
    return "\n\n".join([*parts, "### How it was measured", _method(measured)])


def _threshold(measured: Measured) -> str:
    if measured.tried and not measured.tried.findings.curves:
        return ""
    return "A threshold that suits best was found on the rows it is used on, one number each. "


def _method(measured: Measured) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("lightgbm", "scikit-learn", "duckdb"))
    return (
        "Before each period the models learn from what was known then; the last "
        f"{measured.problem.validation_days} days stop them and calibrate them, and they are not refitted. The linear model is a "
        f"{of_task.of(measured.problem).linear} on about {LINEAR_ROWS:,} rows, evenly taken. The learning curve is that of the "
        f"latest periods. Differences are paired on the same rows, with intervals over days. {_threshold(measured)}"
        "Seconds of a fit are those of the clock or of the processor, whichever are fewer. "
        f"Code `{measured.code_version}`, {packages}; {measured.seconds:.0f} seconds on {measured.machine}."
    )
