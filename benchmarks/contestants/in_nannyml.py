"""Drift and quality without labels by NannyML."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import nannyml
import pandas as pd

DISTANCES = {"kolmogorov_smirnov": "ks", "jensen_shannon": "jensen_shannon", "wasserstein": "wasserstein"}
# the metrics that CBPE and the macros both have
SHARED = {"roc_auc": "roc_auc", "average_precision": "pr_auc"}


def drift(arguments: dict) -> Callable[[str], object]:
    """`UnivariateDriftCalculator`: three distances of numbers, Jensen–Shannon of categories, all current rows as one chunk."""
    numbers, categories = arguments["numbers"], arguments["categories"]
    reference, current = (pd.read_parquet(arguments[side], columns=numbers + categories) for side in ("reference", "current"))
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=numbers + categories, treat_as_categorical=categories, chunk_number=1,
        continuous_methods=list(DISTANCES), categorical_methods=["jensen_shannon"],
    )  # fmt: skip
    found = calculator.fit(reference).calculate(current).filter(period="analysis").to_df()
    rows = [
        {"feature": name} | {ours: float(found[name, theirs, "value"].iloc[0]) for theirs, ours in DISTANCES.items()
                             if (name, theirs, "value") in found.columns}
        for name in numbers + categories
    ]  # fmt: skip
    return lambda file: pd.DataFrame(rows).to_parquet(file, index=False)


def fit(arguments: dict) -> Callable[[str], object]:
    """The estimator, fitted on the reference as its guide does it: isotonic calibration where it finds the scores in need of one.

    Writes the knots of that calibration (score, probability) and, beside them, the estimator itself.
    """
    estimator = nannyml.CBPE(
        metrics=arguments["metrics"], y_pred_proba="score", y_pred="flagged" if _needs_classes(arguments) else None,
        y_true="label", timestamp_column_name="as_of", problem_type="classification_binary", **arguments["chunks"],
    ).fit(pd.read_parquet(arguments["reference"]))  # fmt: skip
    regressor = estimator.calibrator._regressor
    known = (regressor.X_thresholds_, regressor.y_thresholds_) if estimator.needs_calibration else ([0.0, 1.0], [0.0, 1.0])

    def write(file: str) -> None:
        pd.DataFrame(dict(zip(("score", "probability"), known, strict=True))).to_parquet(file, index=False)
        with Path(file).with_suffix(".pickle").open("wb") as out:
            pickle.dump(estimator, out)

    write.estimator = estimator
    return write


def estimate_before(arguments: dict) -> None:
    """Read what `fit` left, outside the clock."""
    with Path(arguments["fitted"]).open("rb") as file:
        arguments["ready"] = pickle.load(file)


def estimate(arguments: dict) -> Callable[[str], object]:
    """`CBPE.estimate`: each chunk by the first day of its period, 1970-01-01 if there is one chunk."""
    wanted = ["as_of", "score"] + (["flagged"] if _needs_classes(arguments) else [])
    found = arguments["ready"].estimate(pd.read_parquet(arguments["current"], columns=wanted))
    told, unit = found.filter(period="analysis").to_df(), arguments["chunks"].get("chunk_period")
    begun = told["chunk", "start_date"].dt.to_period(unit).dt.start_time if unit else pd.Series(pd.Timestamp(0), told.index)
    answer = pd.DataFrame({"period": begun.dt.date} | {ours: told[theirs, "value"] for theirs, ours in SHARED.items()})

    def write(file: str) -> None:
        answer.to_parquet(file, index=False)

    # whether it found the scores in need of calibration
    write.figures = {"calibrated": float(arguments["ready"].needs_calibration)}
    return write


def fit_and_estimate(arguments: dict) -> Callable[[str], object]:
    """Both within the clock."""
    return estimate(arguments | {"ready": fit(arguments).estimator})


def _needs_classes(arguments: dict) -> bool:
    return not SHARED.keys() >= set(arguments["metrics"])
