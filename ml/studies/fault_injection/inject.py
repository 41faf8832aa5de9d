"""One fault put into rows that were served: which columns it hits is drawn, what it does stands in `injectors`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.errors import AsofError
from ml.problem.encode import numbers
from ml.problem.problem import Problem
from ml.studies.fault_injection import injectors
from ml.studies.fault_injection.faults import Fault

# Faults hit what the model looks at: one of the ten features of a kind from which it learned most.
POOL = 10


@dataclass(frozen=True)
class Injected:
    """`rows` after the fault, the columns that differ (features, or `label`), and what was done, in words."""

    rows: pa.Table
    columns: tuple[str, ...]
    about: str


def inject(
    fault: Fault, before: pa.Table, rows: pa.Table, problem: Problem, gains: Mapping[str, float], rng: np.random.Generator
) -> Injected:
    """Put `fault` into `rows`: columns `day`, `label` (boolean) and every feature, in the order of time.

    `before` are rows of the weeks before, with the same columns; `gains` is each feature's share of what the model learned.
    A fault that hits landing leaves the rows alone. AsofError where the problem has no column that the fault could hit.
    """
    if fault.hits == "landing":
        return Injected(rows, (), "a source")
    if fault.hits == "rows":
        left = injectors.thinned(_days(rows), fault.amount)
        return Injected(rows.filter(pa.array(left)), (), f"{int((~left).sum())} rows")
    if fault.hits == "labels":
        return _labels(fault, rows, rng)
    return _features(fault, before, rows, problem, gains, rng)


def _labels(fault: Fault, rows: pa.Table, rng: np.random.Generator) -> Injected:
    label = numbers(rows, "label")
    if fault.kind == "label flip":
        changed = injectors.flipped(label, fault.amount, rng)
    else:
        changed = injectors.unrelated(label, _days(rows), fault.amount, rng)
    values = pa.array(changed == 1, mask=np.isnan(changed))
    return Injected(injectors.replaced(rows, {"label": values}), ("label",), "label")


def _features(fault, before, rows, problem: Problem, gains, rng) -> Injected:
    if fault.kind == "new category":
        name = _draw(fault, problem.categories, gains, rng)
        return _with(rows, {name: injectors.relabelled(rows[name], fault.amount, rng)})
    if fault.kind == "nulls":
        name = _draw(fault, problem.feature_names, gains, rng)
        return _with(rows, {name: injectors.nulled(rows[name], fault.amount, rng)})
    numeric = [c.name for c in problem.features if c.kind == "number" and injectors.spread(before, c.name) > 0]
    name = _draw(fault, numeric, gains, rng)
    if fault.kind == "shift":
        return _with(rows, {name: _column(injectors.shifted(numbers(rows, name), fault.amount * injectors.spread(before, name)))})
    if fault.kind in ("scale", "unit change"):
        return _with(rows, {name: _column(injectors.scaled(numbers(rows, name), fault.amount))})
    if fault.kind == "swapped columns":
        other = _draw(fault, [one for one in numeric if one != name], gains, rng)
        return Injected(injectors.swapped(rows, name, other), (name, other), f"{name} and {other}")
    if fault.kind == "frozen values":
        family = [name] if fault.amount else [one for one in numeric if one.split("_")[0] == name.split("_")[0]]
        by = problem.slices[0] if problem.slices else None
        return _with(rows, {one: injectors.frozen(before, rows, one, by) for one in family})
    raise AsofError(f"nobody has said what the fault {fault.kind!r} does: add it to ml/studies/fault_injection/inject.py")


def _with(rows: pa.Table, columns: dict) -> Injected:
    return Injected(injectors.replaced(rows, columns), tuple(columns), ", ".join(columns))


def _draw(fault: Fault, names, gains: Mapping[str, float], rng: np.random.Generator) -> str:
    pool = sorted(names, key=lambda name: (-gains.get(name, 0.0), name))[:POOL]
    if not pool:
        raise AsofError(f"the fault {fault.kind!r} has no column to hit: the problem declares none of that kind")
    return pool[int(rng.integers(len(pool)))]


def _column(values: np.ndarray) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _days(rows: pa.Table) -> np.ndarray:
    return rows["day"].to_numpy().astype("datetime64[D]").astype(np.int64)
