"""`validation:` and the part of `budget:` that scoring has to keep."""

from typing import NamedTuple

from ml.keys import Keys


class Validation(NamedTuple):
    """`value_margin`: the share of the champion's cost that a challenger's decisions may cost more."""

    value_margin: float


class ScoringBudget(NamedTuple):
    """What scoring may take: seconds for 10,000 rows with loading the model, MB of the process, MB of the model."""

    score_seconds: float
    score_memory_mb: float
    model_mb: float


def read(keys: Keys) -> Validation:
    """The section `validation`; AsofError names a key that is wrong."""
    # Two percent of what wrong predictions cost today: less than the months of one year differ by chance.
    found = Validation(value_margin=keys.number("value_margin", 0.02, low=0, high=1))
    keys.finish()
    return found


def scoring_budget(keys: Keys) -> ScoringBudget:
    """The keys of `budget` that scoring has to keep; the caller finishes the section."""
    return ScoringBudget(
        # A millisecond a row: a million rows in a quarter of an hour, and an hour's batch before anybody waits.
        score_seconds=keys.number("score_seconds", 10.0, low=0, strict=True),
        # Half of what DuckDB itself is given by default: both run side by side on a small machine.
        score_memory_mb=keys.number("score_memory_mb", 1000.0, low=0, strict=True),
        # The model is a row of the warehouse: it is read at every scoring and is in every backup.
        model_mb=keys.number("model_mb", 20.0, low=0, strict=True),
    )
