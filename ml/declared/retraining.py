"""`retraining:` when a challenger is trained: by the calendar, and by what the monitors see."""

from typing import NamedTuple

from ml.keys import Keys

CADENCES = ("never", "quarterly", "monthly", "fortnightly", "weekly", "daily")
TRIGGERS = ("drift", "estimated_loss", "realised_loss", "new_labels")


class Retraining(NamedTuple):
    """The policy.

    A trigger fires when the latest week and `beyond` of the last `windows` weeks since the last training are beyond its limit;
    `new_labels` when so many have come since then, None leaves it out. `loss` is what a week's metric must lie below the usual.
    Triggers start nothing within `cooldown_days` of the last training, and nothing at all starts more than `daily_maximum`
    trainings on a day, whatever becomes of them.
    """

    cadence: str = "weekly"
    triggers: tuple[str, ...] = ()
    windows: int = 5
    beyond: int = 2
    loss: float = 0.03
    new_labels: int | None = None
    cooldown_days: int = 14
    daily_maximum: int = 1


def read(keys: Keys) -> Retraining:
    """The section `retraining`; AsofError names a key that is wrong."""
    found = Retraining(
        cadence=keys.choice("cadence", CADENCES, "weekly"),
        triggers=tuple(keys.choices("triggers", TRIGGERS, "no trigger")),
        windows=keys.whole("windows", 5, low=1),
        # Two: one bad week is a storm.
        beyond=keys.whole("beyond", 2, low=1),
        # A week of flights wobbles by .02 around its month; see docs/monitoring.md.
        loss=keys.number("loss", 0.03, low=0),
        new_labels=keys.whole("new_labels", None, low=1),
        # Two weeks: before, most of the rows are the same, and so is the model.
        cooldown_days=keys.whole("cooldown_days", 14, low=0),
        daily_maximum=keys.whole("daily_maximum", 1, low=1),
    )
    if found.beyond > found.windows:
        raise keys.error("beyond", f"is {found.beyond} of {found.windows} windows; it can be at most all of them")
    if ("new_labels" in found.triggers) != (found.new_labels is not None):
        raise keys.error("new_labels", "is a number of labels exactly where triggers name new_labels")
    keys.finish()
    return found
