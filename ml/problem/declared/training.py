"""`training:` how rows become a model, and which parameters of LightGBM may be declared."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field, Strict, with_config
from typing_extensions import TypedDict  # what pydantic reads before Python 3.12

from ml.problem.declared.section import AtLeast0, Count, Days, Number, Whole, section

Fraction = Annotated[Number, Field(gt=0, le=1)]


@with_config(ConfigDict(extra="forbid"))
class Params(TypedDict, total=False):
    """Parameters of LightGBM with their types and ranges; no others, and none as text, which LightGBM would read on as more.

    Seed, threads, objective and determinism belong to the project. Linear leaves and other kinds of boosting are left out because
    `ml/models/explain.py` and early stopping cannot follow them, names of files because nothing may read them.
    """

    learning_rate: Fraction
    num_leaves: Annotated[Count, Field(ge=2, le=131_072)]
    max_depth: Annotated[int, Strict(), Field(ge=-1, le=1000)]  # -1 has no limit
    min_data_in_leaf: Whole
    min_sum_hessian_in_leaf: AtLeast0
    feature_fraction: Fraction
    feature_fraction_bynode: Fraction
    bagging_fraction: Fraction
    bagging_freq: Whole
    lambda_l1: AtLeast0
    lambda_l2: AtLeast0
    min_gain_to_split: AtLeast0
    max_bin: Annotated[Count, Field(ge=2, le=65_535)]
    min_data_in_bin: Count
    cat_smooth: AtLeast0
    cat_l2: AtLeast0
    max_cat_to_onehot: Count
    max_cat_threshold: Count
    min_data_per_group: Count
    path_smooth: AtLeast0
    extra_trees: Annotated[bool, Strict()]
    max_delta_step: AtLeast0


# What `ml/models/calibrate.py` can fit; "auto" chooses among them.
Calibration = Literal["auto", "none", "platt", "isotonic"]
CALIBRATIONS: tuple[str, ...] = get_args(Calibration)
PARAMS = tuple(Params.__annotations__)


@section
class Training:
    """How to train.

    `window_days` None means all of history; `sampling` is the share of negatives that the trees see; the model is the
    mean of `members` boosters that differ in their seeds.
    """

    seed: Annotated[Whole, Field(le=1_000_000_000)] = 1
    rounds: Annotated[Count, Field(le=100_000)] = 1000
    early_stopping_rounds: Annotated[Count, Field(le=100_000)] = 50
    window_days: Days | None = None
    params: Params = Field(default_factory=dict)
    calibration: Calibration = "auto"
    sampling: Annotated[Number, Field(ge=0.01, le=1)] = 1.0
    members: Annotated[Count, Field(le=100)] = 1


@section
class NumberTraining(Training):
    """The same for numbers: `calibration` makes intervals, which every number has, and nothing is sampled."""

    calibration: Literal["auto"] = "auto"
    sampling: Literal[1.0] = 1.0


@section
class ClassTraining(Training):
    """The same for classes: each is calibrated by itself, and nothing is sampled."""

    sampling: Literal[1.0] = 1.0
