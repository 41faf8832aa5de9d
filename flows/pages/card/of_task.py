"""What cards of different tasks say differently: how labels are told, what is drawn, what decisions are worth."""

from __future__ import annotations

from collections.abc import Iterator

from flows.pages.card import figures
from flows.pages.card.facts import Card
from flows.pages.html import page
from ml.models import tasks

ROWS = {
    "holdout": "the model, holdout",
    "rule": "the rule, holdout",
    "live": "the model, in production",
}


class OfTask:
    """A yes or a no."""

    output = "a calibrated probability, and whether it passes the threshold"
    limit = "A score is a probability, not a certainty; reasons and SHAP values say what moved it, not why the world did."
    moved = "What it added to the log-odds"

    def head(self, card: Card) -> dict[str, object]:
        """Further columns of the first table."""
        return {"came true": f"{card.model.spec['label_rate']:.1%}", "flagged from a score of": f"{card.model.threshold:.2f}"}

    def label(self, card: Card) -> str:
        """What the labels of the training rows are."""
        return f"{_label(card)}, true in {card.model.spec['label_rate']:.1%} of them"

    def counts(self, card: Card) -> list[list[object]]:
        """Rows of the table of metrics that come before these."""
        return [["came true", *(f"{one.positives / one.rows:.1%}" for one in card.found.values())]]

    def drawn(self, card: Card) -> dict[str, str]:
        """The pictures of quality by name."""
        scores = figures.histogram(card.found.get("live", card.found["holdout"]), card.model.threshold)
        return {"quality": figures.quality(card.found), "scores": scores}

    def shown(self, card: Card) -> Iterator[str]:
        """Where they stand."""
        yield "![Reliability with 95 % intervals; gains; ROC; precision over recall, dotted the share of positives](quality.svg)"
        yield f"![Scores by what happened, {ROWS['live' if 'live' in card.found else 'holdout']}](scores.svg)"

    def value(self, card: Card) -> Iterator[str]:
        """What decisions are worth in the declared costs."""
        costs = card.problem.costs
        yield "## Threshold and value"
        yield (
            f"A false alarm costs {costs.false_positive:g}, a miss {costs.false_negative:g}. Rows are flagged from a score of "
            f"{card.model.threshold:.3f} on. Costs are per row; the last column is what is saved against the cheaper of "
            f"flagging none and all."
        )
        rows = []
        for kind, one in card.decided.items():
            blind = min(one.cost_of_none, one.cost_of_all)
            rows.append(
                [ROWS[kind], one.hits, one.false_alarms, one.missed, f"{one.precision:.0%}", f"{one.recall:.0%}",
                 f"{one.cost:.3f}", f"{blind:.3f}", f"{(blind - one.cost) / blind:+.0%}" if blind else ""]
            )  # fmt: skip
        head = [
            "rows",
            "found",
            "false alarms",
            "missed",
            "of flagged came true",
            "of all were found",
            "cost",
            "without any",
            "saved",
        ]
        yield page.table(head, rows)


class OfNumbers(OfTask):
    """How much."""

    output = "a number, with intervals that hold the truth in 80 and 95 of a hundred cases"
    limit = "Intervals hold the truth as often as they claim while errors stay what they were; how often they did stands above."
    moved = "What it added to the number"

    def head(self, card):
        """The mean of the label."""
        return {"label mean": f"{card.model.spec['label_mean']:.4g}"}

    def label(self, card):
        """Mean and spread."""
        spec = card.model.spec
        return f"{_label(card)}: {spec['label_mean']:.4g} on average, standard deviation {spec['label_deviation']:.4g}"

    def counts(self, card):
        """How often the truth lay in the intervals."""
        levels = sorted({level for one in card.found.values() for level in one.covered})
        return [
            [f"within the interval of {level} %", *(_share(one.covered.get(level)) for one in card.found.values())]
            for level in levels
        ]  # fmt: skip

    def drawn(self, card):
        """What was predicted and what happened."""
        return {"quality": figures.numbers(card.found)}

    def shown(self, card):
        """Beside each other."""
        yield "![Mean truth by bins of predictions with 95 % intervals; how often intervals held the truth](quality.svg)"

    def value(self, card):
        """What errors cost, if anybody said so."""
        if card.problem.costs is None:
            return
        costs = card.problem.costs
        yield "## Value"
        yield f"A unit too low costs {costs.under:g}, a unit too high {costs.over:g}. Costs are per row."
        yield _costs(card)


class OfClasses(OfTask):
    """Which one."""

    output = "the class that costs least in expectation, and a calibrated probability of each"
    moved = "What it added to the log-odds of the predicted class"

    def head(self, card):
        """How many classes there are."""
        return {"classes": len(card.problem.classes)}

    def label(self, card):
        """The share of each class."""
        shares = zip(card.problem.classes, card.model.spec["class_shares"], strict=True)
        return f"{_label(card)}: " + ", ".join(f"{page.harmless(name)} in {share:.1%} of them" for name, share in shares)

    def counts(self, card):
        """The share of each class among the rows."""
        return [
            [name, *(f"{one.confusion[at].sum() / one.rows:.1%}" for one in card.found.values())]
            for at, name in enumerate(card.problem.classes)
        ]  # fmt: skip

    def drawn(self, card):
        """Are the probabilities of each class right?"""
        return {"quality": figures.classes(card.found, card.problem.classes)}

    def shown(self, card):
        """And what was decided."""
        yield "![Reliability of each class with 95 % intervals](quality.svg)"
        kind = "live" if "live" in card.found else "holdout"
        yield f"What was predicted, {ROWS[kind]}; rows are what happened:"
        table = card.found[kind].confusion
        rows = [[name, *(f"{n:,}" for n in table[at])] for at, name in enumerate(card.problem.classes)]
        yield page.table(["", *card.problem.classes], rows)

    def value(self, card):
        """What it costs to predict another class, if anybody said so."""
        if card.problem.costs is None:
            return
        yield "## Value"
        priced = ", ".join(f"{name} {cost:g}" for name, cost in card.problem.costs.items())
        yield f"A row whose class was not predicted costs, by its class: {priced}. Costs are per row."
        yield _costs(card)


def _label(card: Card) -> str:
    return f"{page.harmless(card.words(card.problem.label).about)} (`{card.problem.label}`)"


def _share(one) -> str:
    return "" if one is None else f"{one.estimate:.1%} ({one.low:.1%}–{one.high:.1%})"


def _costs(card: Card) -> str:
    rule = card.decided["rule"]
    rows = [
        [ROWS[kind], f"{cost:.4g}", f"{(rule - cost) / rule:+.0%}" if rule and kind == "holdout" else ""]
        for kind, cost in card.decided.items()
    ]  # fmt: skip
    return page.table(["rows", "cost", "saved against the rule"], rows)


OF_TASK = {"binary": OfTask(), "regression": OfNumbers(), "multiclass": OfClasses()}


def of(card: Card) -> OfTask:
    """What the card of this task says its own way."""
    return OF_TASK[tasks.of(card.problem).name]
