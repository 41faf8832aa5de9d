"""Runs in the peer's environment, apart from the project: Evidently's default drift rule, day by day and column by column.

Called with a folder that holds `job.json`, `history.parquet` and a file per scenario; leaves `answer.json`. A day is compared
with the four weeks before it. The rule is asked through the function that chooses and runs the default test, as
`DataDriftPreset` does; a whole report of the preset, which also draws every histogram, is made once and has to say the same.
"""

import json
import sys
import warnings
from pathlib import Path

import evidently
import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType
from evidently.presets import DataDriftPreset


def drifted(reference: pd.Series, current: pd.Series, category: bool) -> tuple[bool, float]:
    """Whether Evidently says that a column drifted, and its score; a column without a value fails its report: an alarm, too."""
    kind = ColumnType.Categorical if category else ColumnType.Numerical
    sides = [side.replace([np.inf, -np.inf], np.nan).dropna() for side in (reference, current)]
    if any(side.empty for side in sides):
        return bool(not sides[0].empty), float("nan")
    test = get_stattest(*sides, kind, None)
    result = test(*sides, kind, None)
    return bool(result.drifted), float(result.drift_score)


def rows_of(ordinal: np.ndarray, start: int, end: int) -> slice:
    return slice(*np.searchsorted(ordinal, [start, end]))


def agrees(frame: pd.DataFrame, ordinal: np.ndarray, job: dict, day: int) -> bool:
    """Whether a report of the preset gives the same scores as `drifted` does, to 1e-12, on one day and eight columns."""
    categories = [name for name in job["columns"] if name in job["categories"]][:3]
    numbers = [name for name in job["columns"] if name not in job["categories"]][:5]
    sides = [
        frame.iloc[rows_of(ordinal, *span)][[*categories, *numbers]] for span in ((day, day + 1), (day - job["before"], day))
    ]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    current, reference = (Dataset.from_pandas(side, data_definition=definition) for side in sides)
    said = {
        one["config"]["column"]: float(one["value"])
        for one in Report([DataDriftPreset()]).run(current, reference).dict()["metrics"]
        if "column" in one["config"]
    }
    ours = {name: drifted(sides[1][name], sides[0][name], name in categories)[1] for name in said}
    return len(said) == len(categories) + len(numbers) and all(abs(said[name] - ours[name]) < 1e-12 for name in said)


def main(folder: Path) -> None:
    warnings.filterwarnings("ignore")
    job = json.loads((folder / "job.json").read_text())
    frame = pd.read_parquet(folder / "history.parquet")
    ordinal = frame.pop("day").to_numpy()
    for name in job["categories"]:
        frame[name] = frame[name].astype("object").where(frame[name].notna(), None).map(lambda v: None if v is None else str(v))
    answer: dict[str, dict[int, dict[str, bool]]] = {"history": {}}

    def judged(columns: list[str], source: dict[str, pd.Series], left: np.ndarray | None, day: int) -> dict[str, bool]:
        now, then = rows_of(ordinal, day, day + 1), rows_of(ordinal, day - job["before"], day)
        out = {}
        for name in columns:
            values = source.get(name, frame[name])
            sides = [values.iloc[span] if left is None else values.iloc[span][left[span]] for span in (then, now)]
            out[name] = drifted(*sides, name in job["categories"])[0]
        return out

    for day in range(job["first"], job["end"]):
        answer["history"][day] = judged(job["columns"], {}, None, day)
    for scenario in job["scenarios"]:
        places = slice(scenario["low"], scenario["low"] + scenario["rows"])
        source, left = {}, None
        if scenario["columns"]:
            changed = pd.read_parquet(folder / f"{scenario['name']}.parquet")
            for name in scenario["columns"]:
                values = frame[name].astype("object" if name in job["categories"] else "float64").copy()
                new = changed[name]
                if name in job["categories"]:
                    new = new.map(lambda v: None if v is None or v != v else str(v))
                values.iloc[places] = new.to_numpy()
                source[name] = values
        else:
            left = np.ones(len(frame), dtype=bool)
            left[places] = scenario["left"]
        columns = scenario["columns"] or job["columns"]
        answer[scenario["name"]] = {day: judged(columns, source, left, day) for day in range(scenario["at"], scenario["until"])}
    middle = (job["first"] + job["end"]) // 2
    found = {
        "version": evidently.__version__, "columns": len(job["columns"]), "drifted": answer,
        "agrees": agrees(frame, ordinal, job, middle),
    }  # fmt: skip
    (folder / "answer.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
