"""The measured half of a design document: sentences around numbers, tables only where numbers are compared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from importlib.metadata import version

from flows.steps.feasibility.drawing import METRIC, NAMES, in_unit, unit
from flows.steps.feasibility.measuring import Measured
from flows.steps.pages.page import table
from ml.bootstrap import Interval
from ml.feasibility.recommend import ML, NOT_YET, RULE
from ml.feasibility.trial import CANDIDATES, LINEAR_ROWS

HEADLINES = {
    ML: "Recommended: machine learning.",
    RULE: "Recommended: the rule. Machine learning is not worth it here.",
    NOT_YET: "Not yet: this cannot be decided, or should not be started, today.",
}
MARKS = {True: "holds", False: "**does not hold**", None: "open"}


def summary(measured: Measured) -> str:
    """The first screen: the recommendation, three numbers, one picture."""
    told = f"> **{HEADLINES[measured.recommendation.answer]}** {_because(measured)}"
    if not measured.tried:
        return "\n\n".join([told, _numbers(_counted(measured)), _basis(measured)])
    picture = "![Left: each dot is one stretch of time, with its interval over days. Right: what deciding saves](summary.svg)"
    return "\n\n".join([told, _numbers(_headline(measured)), picture, _basis(measured)])


def _because(measured: Measured) -> str:
    answer = measured.recommendation
    if not measured.tried:
        return f"{measured.refused[:1].upper()}{measured.refused[1:]}."
    found = measured.tried.findings
    if answer.answer == ML:
        net = measured.money(found.gain)
        worth = ""
        if net is not None and measured.bill.extra is not None:
            worth = f" It saves {_amount(measured, net.estimate)} a month more than the rule and costs {_amount(measured, measured.bill.extra)} more."
        return (
            f"On {found.rows:,} rows that it had not seen, LightGBM is ahead of the rule in {found.won} of {len(found.periods)} "
            f"periods.{worth}{_simpler(measured)}"
        )
    return "What decides: " + "; ".join(answer.because) + "."


def _simpler(measured: Measured) -> str:
    """Whether a model that people can read would do as well."""
    found = measured.tried.findings
    if found.bent.low > 0 and found.lead.low > 0:
        return ""
    if found.bent.low > 0:
        return " A linear model comes close: it orders a little worse, and in savings the two cannot be told apart."
    return " A linear model, which people can read, cannot be told apart from it: begin with that."


def _headline(measured: Measured) -> list[tuple[str, str]]:
    found = measured.tried.findings
    better = f"{METRIC[found.metric]} of LightGBM; the rule has {found.pooled['rule'].estimate:.3f}, a linear model {found.pooled['linear'].estimate:.3f}"
    gain = in_unit(measured, found.gain)
    numbers = [
        (f"{found.pooled['model'].estimate:.3f}", better),
        (f"{gain.estimate:+,.0f}" if measured.money(found.gain) else f"{gain.estimate:+.1f}",
         f"{unit(measured)} more saved than by the rule, {gain.low:,.0f} to {gain.high:,.0f}"),
    ]  # fmt: skip
    if measured.bill.extra is not None:
        hours = measured.problem.framing.upkeep
        return [
            *numbers,
            (
                f"{measured.bill.extra:+,.0f}",
                f"{unit(measured)} more spent than on the rule: {hours.ml_hours - hours.rule_hours:g} hours of people, and machines",
            ),
        ]
    return [*numbers, (_span(measured.counts.delay[0]), "until the truth about a row is known, usually")]


def _counted(measured: Measured) -> list[tuple[str, str]]:
    counts = measured.counts
    return [
        (f"{counts.rows:,}", "rows with a label"),
        (f"{counts.positives:,}", "of them positive"),
        (f"{counts.days:,}", "days with labels"),
    ]


def _numbers(numbers: list[tuple[str, str]]) -> str:
    return table([number for number, _ in numbers], [[text for _, text in numbers]])


def _basis(measured: Measured) -> str:
    quick = ", with `--quick`: fewer periods, wider intervals" if measured.quick else ""
    return f"As of {measured.now:%d %B %Y %H:%M} UTC, from {measured.counts.rows:,} labelled rows{quick}. Intervals are {1 - measured.problem.alpha:.0%}, over days."


def why(measured: Measured) -> str:
    """The criteria behind the recommendation."""
    rows = [[one.name, one.measured, one.limit, MARKS[one.holds], one.reason] for one in measured.recommendation.criteria]
    undeclared = [one.name for one in measured.recommendation.open]
    text = "## Why\n\nMachine learning is recommended where every criterion holds that can be asked.\n\n"
    text += table(["criterion", "measured", "limit", "", "because"], rows)
    return text + (
        f"\n\nNot asked, because something is not measured or declared: {', '.join(undeclared)}." if undeclared else ""
    )


def facts(measured: Measured) -> str:
    """What was measured, in the order in which people ask."""
    parts = ["## Facts", *_data(measured)]
    if measured.tried:
        parts += [*_difficulty(measured), *_time(measured), *_price(measured)]
    else:
        parts.append(f"No model was tried: {measured.refused}.")
    return "\n\n".join(parts)


def _data(measured: Measured) -> Iterable[str]:
    counts, declared = measured.counts, measured.problem.framing.label
    yield "### Data and labels"
    if not counts.rows:
        yield "There is no row with a known label."
        return
    kind = (
        f"The label is **{declared.kind}**: {declared.reason or '_no reason is declared_'}"
        if declared.kind
        else "Whether the label is direct or a proxy is _not declared_."
    )
    yield (
        f"**{counts.rows:,}** labelled rows of {counts.entities:,} entities on {counts.days} days, {counts.first:%d %b %Y} to "
        f"{counts.last:%d %b %Y}; {counts.positives / counts.rows:.1%} are positive. The truth is known {_span(counts.delay[0])} after "
        f"`as_of` at the median, {_span(counts.delay[1])} for 95 % of rows, {_span(counts.delay[2])} at worst; {counts.waiting:,} rows still wait for it. "
        f"{kind}"
    )
    yield "![The label rate drifts by itself: a model has to follow it](labels.svg)"
    rare = [one for one in counts.features if one.share < 0.995]
    still = [one.name for one in counts.features if not one.varies]
    yield "### Known at the instant of the prediction"
    yield (
        f"**{len(counts.features) - len(rare)} of {len(counts.features)}** features are known in at least 99.5 % of rows; the others stand in "
        "the picture. Null also means that nothing happened in the window of the feature."
        + (f" Without any variation: {', '.join(f'`{name}`' for name in still)}." if still else "")
    )
    if rare:
        yield "![Known share of the features that are not always known](known.svg)"
    yield (
        f"{_times(counts.duplicates, 'row')} with a key (entity, `as_of`) that was there before; {_times(counts.twins, 'row')} "
        f"equal another in every feature, {counts.torn:,} of which disagree on the label."
    )


def _difficulty(measured: Measured) -> Iterable[str]:
    found = measured.tried.findings
    yield "### How hard is it, and what is it worth"
    rows = []
    for name in CANDIDATES:
        other, saved = found.others[name], in_unit(measured, found.worth[name].interval)
        rows.append([
            f"**{NAMES[name]}**", _interval(found.pooled[name]),
            *(f"{other[one]:.3f}" for one in ("pr_auc", "log_loss", "ece")), f"{found.worth[name].flagged:.0%}",
            f"{saved.estimate:,.0f} ({saved.low:,.0f} to {saved.high:,.0f})",
        ])  # fmt: skip
    yield table(
        ["", METRIC[found.metric], "PR AUC", "log loss", "calibration error", "flagged", f"saved, {unit(measured)}"], rows
    )
    yield (
        f"On the same {found.rows:,} rows, walking forward through {len(found.periods)} periods. LightGBM − rule "
        f"**{_signed(found.better)}**, linear − rule {_signed(found.line)}, LightGBM − linear {_signed(found.bent)}. "
        f"{_decision(measured)}"
    )
    yield "![Savings by threshold; the dots are each candidate's best](worth.svg)"
    top = list(found.importances.items())[:5]
    lead = in_unit(measured, found.lead)
    yield (
        f"**Interpretability.** Five features make up {sum(share for _, share in top):.0%} of what the trees gain: "
        f"{', '.join(f'`{name}`' for name, _ in top)}. A model that people can read, the linear one, would save "
        f"{-lead.estimate:+,.0f} {unit(measured)} ({-lead.high:+,.0f} to {-lead.low:+,.0f}) against LightGBM."
    )


def _decision(measured: Measured) -> str:
    costs, found = measured.problem.costs, measured.tried.findings
    price = f"A false alarm costs {costs.false_positive:g}, a miss {costs.false_negative:g}"
    how = found.worth["model"].how
    if how == "declared":
        return f"{price}; rows are flagged as declared, and savings count against the better of flagging all and none."
    return f"{price}; each is used at the threshold that suits it best, and savings count against the better of flagging all and none."


def _time(measured: Measured) -> Iterable[str]:
    found, margin = measured.tried.findings, measured.problem.margin
    yield "### More data, and age"
    yield "![Learning from the latest part of the history; ageing against a retrained model](time.svg)"
    last = [one.doubled for one in found.learning if one.doubled]
    if last:
        verdict = (
            "More data helps"
            if last[-1].low > 0
            else "More data does not help any more"
            if last[-1].high < margin
            else "Whether more data would help cannot be told"
        )
        yield f"**{verdict}:** the last doubling of the history, to {found.learning[-1].days:.0f} days, brought {_signed(last[-1])}."
    kept, cadence = found.keeps(margin), measured.problem.retraining["cadence"]
    losing = [age * found.fold_days for age, one in found.stale.items() if one.low > 0]
    yield (
        (f"**A frozen model keeps for {kept:.0f} days** beyond a fresh one: until then it is shown to lose no more than the margin {margin:g}. "
         if kept else f"**Not even one period passes** without a loss that may exceed the margin {margin:g}. ")
        + (f"From {losing[0]:.0f} days on a loss is certain. " if losing else "A loss is not certain at any age that was measured. ")
        + f"Declared is a {cadence} retraining."
    )  # fmt: skip


def _price(measured: Measured) -> Iterable[str]:
    tried, owed, batch = measured.tried, measured.bill, measured.tried.batch
    prices, needs = measured.problem.framing.prices, measured.problem.framing.needs
    yield "### What it costs"
    fit = tried.fits[-1]
    per_row = batch.rows / batch.seconds
    yield table(
        ["", "measured", "needed"],
        [
            [
                "one fit",
                f"{measured.fit_seconds:.1f} s on {fit.rows:,} rows, {tried.memory_mb:,.0f} MB in the whole process",
                _limit(measured.problem.budget.train_seconds, "s a training"),
            ],
            [
                "a batch",
                f"{per_row:,.0f} rows a second with reasons; {batch.process_seconds - batch.seconds:.1f} s to start, {batch.memory_mb:,.0f} MB",
                _limit(needs.batch_seconds, "s"),
            ],
            ["the model", f"{batch.model_mb:.1f} MB", ""],
            [
                "a million rows",
                _cents(measured, owed.per_million)
                + (", features included" if measured.feature_seconds else ", without building features"),
                "",
            ],
            ["a month", _month(measured), ""],
        ],
    )
    yield (
        f"Load: {measured.rows_per_month:,.0f} rows a month. Platform: {needs.platform or '_not declared_'} Measured on {measured.machine}."
        + ("" if prices.cpu_hour is not None else " The price of a cpu-hour is _not declared_.")
    )


def _month(measured: Measured) -> str:
    owed = measured.bill
    parts = {"people": owed.people_model, "retraining": owed.retraining, "scoring": owed.scoring, "features": owed.features}
    told = ", ".join(f"{name} {_cents(measured, value)}" for name, value in parts.items())
    return f"{told}; the rule: people {_cents(measured, owed.people_rule)}"


def appendix(measured: Measured) -> str:
    """Tables for those who check."""
    parts = ["## Appendix"]
    if measured.tried:
        found = measured.tried.findings
        rows = [
            [f"{one.start.item():%d %b} to {one.end.item():%d %b}", one.rows, _share(one.rate), *(_interval(one.metric[name]) for name in CANDIDATES)]
            for one in found.periods
        ]  # fmt: skip
        parts += ["### By period", table(["period (UTC)", "rows", "positive", *(NAMES[name] for name in CANDIDATES)], rows)]
    if measured.counts.sources:
        rows = [[f"`{one.name}`", *map(_span, one.age), one.without] for one in measured.counts.sources]
        parts += [
            "### Age of the newest fact at `as_of`",
            "Over the distinct instants of the training set, whatever entity the fact is about.",
            table(["table", "median", "95 %", "worst", "instants before its first row"], rows),
        ]
    parts += ["### How it was measured", _method(measured)]
    return "\n\n".join(parts)


def _method(measured: Measured) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("lightgbm", "scikit-learn", "duckdb"))
    return (
        "Before each period the models learn from what was known then, stop early and are calibrated on the "
        f"{measured.problem.validation_days} days before it, and are not refitted. The linear model is a logistic regression on at most about "
        f"{LINEAR_ROWS:,} rows, evenly taken. The learning curve uses the latest periods only. Differences are paired on the same rows; "
        "whole days are drawn again ([why](../decisions/0005-bootstrap-by-day.md)). Thresholds that suit best were found on the rows "
        "they are used on, one number a candidate. "
        f"Code `{measured.code_version}`, {packages}; {measured.seconds:.0f} seconds on {measured.machine}."
    )


def _interval(one: Interval) -> str:
    return f"{one.estimate:.3f} ({one.low:.3f}–{one.high:.3f})"


def _share(one: Interval) -> str:
    return f"{one.estimate:.1%} ({one.low:.1%}–{one.high:.1%})"


def _signed(one: Interval) -> str:
    return f"{one.estimate:+.4f} ({one.low:+.4f} to {one.high:+.4f})"


def _limit(value: float | None, what: str) -> str:
    return f"at most {value:,.0f} {what}" if value is not None else "_not declared_"


def _amount(measured: Measured, value: float) -> str:
    return f"{measured.problem.framing.prices.currency or ''} {value:,.0f}".strip()


def _cents(measured: Measured, value: float | None) -> str:
    currency = measured.problem.framing.prices.currency or ""
    return (
        "_not declared_"
        if value is None
        else f"{currency} {value:,.0f}".strip()
        if value >= 100
        else f"{currency} {value:,.2f}".strip()
    )


def _times(number: int, what: str) -> str:
    return f"No {what}" if number == 0 else f"{number:,} {what}{'s' if number > 1 else ''}"


def _span(delay: timedelta) -> str:
    minutes = delay / timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"
