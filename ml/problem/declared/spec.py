"""Everything that may stand under `config.meta.problem`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ml.problem.declared.feedback import Comments, Feedback
from ml.problem.declared.framing import Framing
from ml.problem.declared.label_range import ANY, LabelRange
from ml.problem.declared.retraining import Retraining
from ml.problem.declared.section import (
    MOST_CLASSES,
    AtLeast0,
    Days,
    Name,
    NoTwice,
    Number,
    Positive,
    Prose,
    Share,
    Text,
    Texts,
    Whole,
    extensible,
    fault,
    section,
)
from ml.problem.declared.training import ClassTraining, NumberTraining, Training
from ml.problem.declared.validation import Budget, Validation

# The quantiles that a pinball loss may be declared at, in per cent; ml/statistics/evaluate.py has the losses.
QUANTILES = (5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 95)
# What intervals around numbers claim, in per cent: one that people plan with, and one that a surprise lies outside of.
LEVELS = (80, 95)
NUMBER_METRICS = ("mae", "rmse", "r2", *(f"pinball_{share}" for share in QUANTILES))
Within0And1 = Annotated[Number, Field(gt=0, lt=1)]
Threshold = Annotated[
    Share | None,
    BeforeValidator(lambda value: None if value == "auto" else value),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "number", "minimum": 0, "maximum": 1}]}),
]


@section
class Costs:
    """What one wrong answer costs, in any one unit."""

    false_positive: Positive
    false_negative: Positive


@section
class UnitCosts:
    """What an error of one unit of the label costs, in any one unit: where the truth is above the prediction, and below it."""

    under: Positive
    over: Positive


def _one_of(declared: Any) -> Any:
    if isinstance(declared, dict) and len(declared.keys() & {"threshold", "capacity_share"}) == 2:
        raise fault(".threshold and capacity_share exclude each other: keep one")
    return declared


@section
class Decision:
    """Exactly one is in force.

    A fixed `threshold`, a `capacity_share`, or (both None) the threshold of the costs.
    """

    threshold: Threshold = None
    capacity_share: Within0And1 | None = None

    @model_validator(mode="before")
    @classmethod
    def _one(cls, declared: Any) -> Any:
        return _one_of(declared)


@section
class NumberDecision:
    """Which predicted numbers are acted on: those from a `threshold` on, or the highest `capacity_share`; else none."""

    threshold: Number | None = None
    capacity_share: Within0And1 | None = None

    @model_validator(mode="before")
    @classmethod
    def _one(cls, declared: Any) -> Any:
        return _one_of(declared)


@section
class NoDecision:
    """A class is predicted, the one that costs least in expectation: nothing else is to be declared."""


@section
class Explain:
    """How many reasons a prediction carries, and which rows get them."""

    reasons: Annotated[Whole, Field(le=100)] = 3
    rows: Literal["flagged", "all", "none"] = Field(default="flagged", alias="for")


@extensible
class Declared:
    """The declaration of a problem of any task, but for its columns. What decides something has no default."""

    title: Text
    owner: Text
    task: Literal["binary", "regression", "multiclass"]
    metric: Text
    margin: AtLeast0
    costs: Any
    holdout_days: Days
    validation_days: Days
    goal: Prose = ""
    alpha: Annotated[Number, Field(gt=0, lt=0.5)] = 0.05
    # A day, because the errors of one day hang together.
    cluster: Text = "day"
    slices: Texts = ()
    decision: Any = Decision()
    retraining: Retraining = Retraining()
    budget: Budget = Budget()
    training: Training = Training()
    explain: Explain = Explain()
    feedback: Feedback = Feedback()
    validation: Validation = Validation()
    framing: Framing = Framing()


@extensible
class Binary(Declared):
    """Whether something is true: the label is a boolean, or 0 and 1."""

    task: Literal["binary"]
    metric: Literal["roc_auc", "pr_auc", "log_loss"]
    costs: Costs
    decision: Decision = Decision()


@extensible
class Regression(Declared):
    """How much: the label is a number. Without costs nothing is said of money."""

    task: Literal["regression"]
    metric: Literal[NUMBER_METRICS]
    label_range: LabelRange = ANY
    costs: UnitCosts | None = None
    decision: NumberDecision = NumberDecision()
    training: NumberTraining = NumberTraining()
    feedback: Comments = Comments()


@extensible
class Multiclass(Declared):
    """Which one: the label is the name of one of the `classes`, of which the first is what needs no action.

    `costs`: what a row of a class costs when another one was predicted. Without them nothing is said of money.
    """

    task: Literal["multiclass"]
    metric: Literal["log_loss", "macro_roc_auc"]
    classes: Annotated[tuple[Name, ...], NoTwice, Field(min_length=2, max_length=MOST_CLASSES)]
    costs: dict[Name, Positive] | None = None
    decision: NoDecision = NoDecision()
    training: ClassTraining = ClassTraining()
    feedback: Comments = Comments()

    @model_validator(mode="after")
    def _priced(self) -> Multiclass:
        if self.costs is not None and set(self.costs) != set(self.classes):
            raise fault(f".costs must name each of the classes once: {', '.join(self.classes)}")
        return self


# What may be declared, by task.
TASKS: dict[str, type[Declared]] = {"binary": Binary, "regression": Regression, "multiclass": Multiclass}
