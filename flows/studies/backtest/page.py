"""What a backtest found, as a page: the choice, what became of it afterwards, and every policy that was tried."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.pages.html import page, shared
from flows.pages.html.shared import Block, Part, Prose
from flows.pages.html.words import signed
from flows.runtime.settings import PROJECT
from flows.runtime.step import step
from flows.studies.backtest import drawing
from flows.studies.backtest.measuring import Backtest
from ml.statistics.interval import Interval
from ml.studies.backtest.outcome import METRICS, Outcome

FOLDER = PROJECT / "docs" / "backtests"
BLOCKS = ("summary", "tried", "how")
DECISION = "## Decision\n\nNobody has decided yet. Write here which policy is declared, and why: this text stays."


def check(problem: str, folder: Path = FOLDER) -> None:
    """AsofError when the page that is there could not be written anew; better known before minutes of measuring."""
    shared.check(folder / f"{problem}.md", BLOCKS)


@step()
def write(found: Backtest, folder: Path = FOLDER) -> Path:
    """Write the page of a problem, its HTML version and its figures into `folder`; returns the page. AsofError as in `merge`."""
    name, figures = found.problem.name, {"policies": drawing.policies(found)}
    return shared.write(folder / f"{name}.md", f"Retraining {name}", parts(found), figures)


def parts(found: Backtest) -> list[Part]:
    """The page in its order."""
    return [
        Prose(f"# When to retrain {found.problem.name}"),
        Block("summary", _summary(found)),
        Prose(DECISION),
        Block("tried", _tried(found)),
        Block("how", _how(found)),
    ]


def _summary(found: Backtest) -> str:
    chosen, later, (then, now) = found.chosen, found.later, found.in_use
    metric, same = found.problem.metric, chosen is then
    told = (
        f"> **{_capital(chosen.policy.name)}** was worth most of the policies with a gate from {_span(found)}: "
        f"{metric} {_figure(chosen.quality[metric])}, "
        f"{_trainings(chosen)}."
    )
    told += (
        " That is the policy in use."
        if same
        else f" The policy in use, {then.policy.name}, reached {_figure(then.quality[metric])} with {_trainings(then)}."
    )
    after = (
        f"From {found.until:%B} on, where nothing was chosen, **{chosen.policy.name}** reached "
        f"{_figure(later.quality[metric])} with {_trainings(later)}"
    )
    after += "." if same else (
        f"; the policy in use reached {_figure(now.quality[metric])} with {_trainings(now)}. The difference is "
        f"{signed(later.gained)}{_money(found, later)}."
    )  # fmt: skip
    free, later_free = found.ungated, found.after(found.ungated)
    caution = (
        f"Letting in whatever is trained would have reached at best {_figure(free.quality[metric])} before ({free.policy.when}) "
        f"and {_figure(later_free.quality[metric])} after: that is what caution costs. It is not chosen, because a gate is "
        "there to keep out a broken challenger, and in these months none was broken."
    )
    shown = "![What each policy reached after the choice, against the trainings that it took](policies.svg)"
    return "\n\n".join([told, after, caution, shown])


def _tried(found: Backtest) -> str:
    texts = ["## Every policy"]
    for title, rows in ((f"Where the choice is made: from {_span(found)}", found.choice), (_after(found), found.reported)):
        texts += [f"### {title}", page.table(_header(found), [_row(found, one, rows) for one in _ranked(found, rows)])]
    texts.append(_reading(found))
    return "\n\n".join(texts)


def _header(found: Backtest) -> list[str]:
    unit = found.problem.framing.prices.currency
    money = [f"saved a month, {unit}", "more than in use"] if unit else ["saved a row", "more than in use"]
    return [
        "trained",
        "gate",
        *METRICS,
        f"gain in {found.problem.metric}",
        *money,
        "trainings",
        "let in",
        "CPU s",
        "cost a month",
    ]


def _row(found: Backtest, one: Outcome, rows: Sequence[Outcome]) -> list[object]:
    marks = [word for word, yes in (("in use", one is rows[0]), ("chosen", _is_chosen(found, one, rows))) if yes]
    when = one.policy.when + (f" (**{', '.join(marks)}**)" if marks else "")
    saved, more = one.money(found.problem, one.saved) or one.saved, one.money(found.problem, one.saved_more) or one.saved_more
    digits = 0 if found.problem.framing.prices.cost_unit else 4
    spent = one.spent(found.problem)
    return [
        when, one.policy.asked, *(_figure(one.quality[name]) for name in METRICS),
        "" if one is rows[0] else signed(one.gained), f"{saved.estimate:,.{digits}f}",
        "" if one is rows[0] else f"{more.estimate:+,.{digits}f} ({more.low:+,.{digits}f} to {more.high:+,.{digits}f})",
        one.trainings, one.promoted, round(one.cpu_seconds), "" if spent is None else f"{spent:.3f}",
    ]  # fmt: skip


def _reading(found: Backtest) -> str:
    noise = ", ".join(f"{name} {_of(one)}" for name, one in (("in use", found.in_use[1]), ("chosen", found.later)))
    return (
        f"Intervals hold 95 %, over {found.problem.cluster_unit}; differences are paired on the same rows. Why trainings began "
        f"after the choice: {noise}. What a training costs the machine is a matter of cents, so the value decides; one that "
        "people look at costs their hour, which is not declared."
    )


def _how(found: Backtest) -> str:
    return (
        "## How this was measured\n\n"
        f"{len(found.replays)} policies were replayed through the labelled history from {found.first:%d %B %Y} to "
        f"{found.now:%d %B %Y}. They may act on the 1st, 8th, 15th and 22nd of a month, so that cadences share their trainings: "
        f"{found.trainings} for all. What is trained, judged and promoted is what production would have done then: a holdout "
        "model, fitted without the holdout, a challenger on all rows, the gates on rows that neither model has seen, alpha spent "
        "where challengers share rows. Rows are scored by whoever was champion at their own `as_of`.\n\n"
        "Differences to production: weeks are those stretches of seven to ten days; each model is the mean of "
        f"{found.members} of {found.problem.training.members} declared members{_quick(found)}; gates on serving cost, "
        "repetition and a broken test set are not asked. The first model, trained with the holdout of its policy, was asked "
        f"nothing.{_blind(found)}\n\n"
        f"{found.machine}; {found.cpu_seconds:,.0f} processor seconds, most of them for trainings, one on each core at a time; "
        f"code {found.code_version}. Again: "
        f"`python -m flows backtest --problem {found.problem.name}{' --quick' if found.quick else ''}`."
    )


def _blind(found: Backtest) -> str:
    """What a loss that is only estimated could not see."""
    for replay in found.replays:
        if replay.blind:
            early, late = sum(at <= found.until for at in replay.blind), sum(at > found.until for at in replay.blind)
            return (
                f" An estimated loss is what [the monitors](../estimation.md) would have estimated of each stretch from what was "
                f"known at its end; under {replay.policy.name} that was BLIND in {early} stretches before the choice and {late} "
                "after it, mostly because an interval needs nineteen periods whose truth is known."
            )
    return ""


def _quick(found: Backtest) -> str:
    return ", grown in long steps (`--quick`), which leaves it a little worse" if found.quick else ""


def _ranked(found: Backtest, rows: Sequence[Outcome]) -> list[Outcome]:
    return sorted(rows, key=lambda one: (-one.net(found.problem), one.trainings))


def _is_chosen(found: Backtest, one: Outcome, rows: Sequence[Outcome]) -> bool:
    return one is found.chosen or one is found.later


def _trainings(one: Outcome) -> str:
    return f"{one.trainings} training{'' if one.trainings == 1 else 's'}, {one.promoted} let in"


def _money(found: Backtest, one: Outcome) -> str:
    money = one.money(found.problem, one.saved_more)
    if money is None:
        return ""
    return f", {found.problem.framing.prices.currency} {money.estimate:+,.0f} a month ({money.low:+,.0f} to {money.high:+,.0f})"


def _of(one: Outcome) -> str:
    causes = ", ".join(f"{cause.replace('_', ' ')} {number}" for cause, number in one.causes.items())
    return f"({causes or 'none'})"


def _span(found: Backtest) -> str:
    return f"{found.first:%d %B} to {found.until:%d %B %Y}"


def _after(found: Backtest) -> str:
    return f"After it: from {found.until:%d %B %Y} to {found.now:%d %B %Y}"


def _figure(one: Interval) -> str:
    return f"{one.estimate:.4f} ({one.low:.3f}–{one.high:.3f})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
