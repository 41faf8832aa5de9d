"""`retraining:` when a challenger is trained: by the calendar, and by what the monitors see."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, WithJsonSchema, WrapValidator, model_validator

from ml.problem.declared.section import AtLeast0, Count, NoTwice, Whole, fault, section

Named = Literal["never", "yearly", "quarterly", "monthly", "fortnightly", "weekly", "daily"]
CADENCES: tuple[str, ...] = get_args(Named)
# The steps of a problem need not be those of the calendar: `every 360 days`, up to ten years.
EVERY = re.compile(r"every ([1-9]\d{0,2}|[12]\d{3}|3[0-5]\d{2}|36[0-4]\d|365[0-3]) days")


def _named_or_every(value: Any, named: Callable[[Any], str]) -> str:
    return value if isinstance(value, str) and EVERY.fullmatch(value) else named(value)


Cadence = Annotated[
    Named,
    WrapValidator(_named_or_every),
    WithJsonSchema({"anyOf": [{"type": "string", "enum": list(CADENCES)}, {"type": "string", "pattern": f"^{EVERY.pattern}$"}]}),
]
Trigger = Literal["drift", "estimated_loss", "realised_loss", "new_labels"]
TRIGGERS: tuple[str, ...] = get_args(Trigger)


@section
class Retraining:
    """The policy.

    A trigger fires when the latest week and `beyond` of the last `windows` weeks since the last training are beyond its limit;
    `new_labels` when so many have come since then, None leaves it out. `loss` is what a week's metric must lie below the usual.
    Triggers start nothing within `cooldown_days` of the last training, and nothing at all starts more than `daily_maximum`
    trainings on a day, whatever becomes of them.
    """

    cadence: Cadence = "weekly"
    triggers: Annotated[tuple[Trigger, ...], NoTwice] = ()
    windows: Annotated[Count, Field(le=520)] = 5  # ten years of weeks
    # Two: one bad week is a storm.
    beyond: Count = 2
    # A week of flights wobbles by .02 around its month; see docs/monitoring.md.
    loss: AtLeast0 = 0.03
    new_labels: Count | None = None
    # Two weeks: before, most of the rows are the same, and so is the model.
    cooldown_days: Annotated[Whole, Field(le=36_525)] = 14
    daily_maximum: Count = 1

    @model_validator(mode="after")
    def _fit(self) -> Retraining:
        if self.beyond > self.windows:
            raise fault(".beyond is {} of {} windows; it can be at most all of them", self.beyond, self.windows)
        if ("new_labels" in self.triggers) != (self.new_labels is not None):
            raise fault(".new_labels is a number of labels exactly where triggers name new_labels")
        return self
