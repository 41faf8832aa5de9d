"""Drift by Evidently."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def drift(arguments: dict) -> Callable[[str], object]:
    """`DataDriftPreset` over all columns, with `method` for each or, where that is none, with what it chooses itself."""
    numbers, categories = arguments["numbers"], arguments["categories"]
    seen = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    reference, current = (
        Dataset.from_pandas(pd.read_parquet(arguments[side], columns=numbers + categories), data_definition=seen)
        for side in ("reference", "current")
    )
    run = Report([DataDriftPreset(method=arguments["method"])]).run(current, reference)
    values = {one["config"]["column"]: one["value"] for one in run.dict()["metrics"] if one["config"].get("column")}
    answer = pd.DataFrame({"feature": list(values), (arguments["method"] or "own_choice"): [float(v) for v in values.values()]})
    return lambda file: answer.to_parquet(file, index=False)
