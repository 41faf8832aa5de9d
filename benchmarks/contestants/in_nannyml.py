"""Drift and quality without labels by NannyML."""

from __future__ import annotations

from collections.abc import Callable

import nannyml
import pandas as pd
from nannyml.calibration import NoopCalibrator

DISTANCES = {"kolmogorov_smirnov": "ks", "jensen_shannon": "jensen_shannon", "wasserstein": "wasserstein"}


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


def estimate_before(arguments: dict) -> None:
    """Fit the calibrator and the thresholds on the reference, outside the clock."""
    chunks = {"chunk_period": "M"} if arguments["by_month"] else {"chunk_number": 1}
    estimator = nannyml.CBPE(
        metrics=["roc_auc", "average_precision"], y_pred_proba="score", y_true="label", problem_type="classification_binary",
        timestamp_column_name="as_of", calibrator=None if arguments["calibrate"] else NoopCalibrator(), **chunks,
    )  # fmt: skip
    arguments["ready"] = estimator.fit(pd.read_parquet(arguments["reference"]))


def estimate(arguments: dict) -> Callable[[str], object]:
    """`CBPE.estimate` of each month, or of everything as period 1."""
    estimator = arguments["ready"]
    current = pd.read_parquet(arguments["current"], columns=["as_of", "score"])
    found = estimator.estimate(current).filter(period="analysis").to_df()
    months = [key.replace("-", "") for key in found["chunk", "key"]]
    answer = pd.DataFrame({
        "period": months if arguments["by_month"] else [1],
        "roc_auc": found["roc_auc", "value"], "pr_auc": found["average_precision", "value"],
    }).astype({"period": "int64"})  # fmt: skip

    def write(file: str) -> None:
        answer.to_parquet(file, index=False)

    # whether it found the scores in need of a calibration of its own
    write.figures = {"calibrated": float(estimator.needs_calibration)}
    return write
