"""`validation:` and `budget:`, what a model has to keep."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ml.problem.declared.section import AtLeast0, Positive, Share, Whole, section


@section
class Validation:
    """`value_margin`: the share of the champion's cost that a challenger's decisions may cost more.

    `first_champion`: what is served while no verdict is PROMOTE, the rule, or a model that did better than it on its holdout,
    however uncertain.

    `past`: what earlier challengers brought counts, and one whose verdict is INCONCLUSIVE goes on in the shadow; otherwise each
    has to prove itself on its holdout alone. `broken_share`: the share of challengers that is taken for broken beforehand.

    `watch_days`: for so long after a promotion the champion before goes on in the shadow. `rollback`: what follows where the
    new one is shown to be worse by more than the margin, the champion before again, or an alert that proposes it.

    `horizon_days`: how far a label looks ahead, for intervals over days whose labels share outcomes; None: as long as labels
    usually take. To be declared where labels are told long after they are over.
    """

    # Two percent of what wrong predictions cost today: less than the months of one year differ by chance.
    value_margin: Share = 0.02
    past: bool = True
    # A holdout that says so is believed, although the past was good.
    broken_share: Share = 0.05
    watch_days: Annotated[Whole, Field(le=3650)] = 28
    rollback: Literal["automatic", "propose"] = "automatic"
    first_champion: Literal["by_verdict", "best_of_rule_and_model"] = "by_verdict"
    horizon_days: AtLeast0 | None = None


@section
class Budget:
    """What one training may take, None where there is no limit; and what scoring may take.

    `score_seconds` are for 10,000 rows with loading the model, `score_memory_mb` those of the process, `model_mb` of the model.
    """

    train_seconds: AtLeast0 | None = None
    train_memory_mb: AtLeast0 | None = None
    # A millisecond a row: a million rows in a quarter of an hour, and an hour's batch before anybody waits.
    score_seconds: Positive = 10.0
    # Half of what DuckDB itself is given by default: both run side by side on a small machine.
    score_memory_mb: Positive = 1000.0
    # The model is a row of the warehouse: it is read at every scoring and is in every backup.
    model_mb: Positive = 20.0
