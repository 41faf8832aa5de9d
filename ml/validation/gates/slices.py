"""No slice is shown to be worse: a veto, corrected for the number of slices.

Demanding proof of non-inferiority on every slice would need no correction (all have to hold at once), and would never be met:
a twentieth of the rows has an interval more than four times as wide. A veto asks the other way round, which slices are shown
to be worse, and there each slice is one more chance to be wrong; hence Holm (1979), which holds for dependent tests too.
"""

from collections.abc import Iterator

import numpy as np

from ml.statistics.interval import figures
from ml.statistics.slices import large_enough
from ml.statistics.student import quantile
from ml.validation.gates.gate import Evidence, Gate

# Chance with which a harm of the size that is named would be detected: the usual power.
POWER = 0.8


def no_slice_worse(evidence: Evidence) -> Iterator[Gate]:
    """One gate `slices`, and below it one for each value of each declared slice.

    Values with too few clusters or rows of a class are put together as `others` of their column; where even those are too
    few, they are listed and do not block.
    """
    than, margin, whom = evidence.champion, evidence.problem.margin, "champion"
    if than is None:
        than, margin, whom = evidence.rows.rule, 0.0, "rule"
    tested, left_out = _parts(evidence)
    if not tested and not left_out:
        return
    found = {name: evidence.better(than, rows) for name, rows in tested.items()}
    adjusted = dict(zip(found, holm([one.p_below(-margin) for one in found.values()]), strict=True))
    details = []
    for name, one in found.items():
        passed = not adjusted[name] < evidence.alpha
        said = "worse" if not passed else "not shown to be worse"
        freedom = one.freedom or one.clusters - 1
        seen = margin + one.se * (quantile(1 - evidence.alpha / len(found), freedom) + quantile(POWER, freedom))
        reason = (
            f"{said} than the {whom} by more than {margin:g}: {figures(one)}, p {adjusted[name]:.3g} after Holm; "
            f"a loss of {seen:.3f} would be noticed in {POWER:.0%} of cases"
        )
        details.append(Gate(f"slice {name}", *one.shown, -margin, passed, reason, adjusted[name], about="detail"))
    yield _summary(details, left_out, whom, margin)
    yield from details
    for name, rows in left_out.items():
        there = evidence.task.counted(evidence.rows.label[rows], evidence.problem)
        reason = f"{len(rows)} rows{there}: too few to compare, so it does not block"
        yield Gate(f"slice {name}", np.nan, np.nan, np.nan, -margin, True, reason, about="detail")


def holm(p_values: list[float]) -> list[float]:
    """Adjusted p-values, in the order given: the k-th smallest times what is left, never falling, at most 1."""
    order = np.argsort(p_values, kind="stable")
    found, highest = np.empty(len(p_values)), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        found[place] = highest
    return found.tolist()


def _parts(evidence: Evidence) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Row numbers by slice: those that can be compared, and those that cannot."""
    tested: dict[str, np.ndarray] = {}
    left_out: dict[str, np.ndarray] = {}

    def enough(rows: np.ndarray) -> bool:
        return large_enough(evidence.rows.label[rows], evidence.rows.cluster[rows], evidence.problem.metric)

    for column, values in evidence.rows.slices.items():
        names, code = np.unique(np.asarray(values, dtype=str), return_inverse=True)
        small = []
        for number, name in enumerate(names):
            rows = np.flatnonzero(code == number)
            if enough(rows):
                tested[f"{column}={name}"] = rows
            else:
                small.append(number)
        if small:
            rows = np.flatnonzero(np.isin(code, small))
            into = tested if enough(rows) else left_out
            into[f"{column}=others ({', '.join(names[small])})"] = rows
    return tested, left_out


def _summary(details: list[Gate], left_out: dict[str, np.ndarray], whom: str, margin: float) -> Gate:
    if not details:
        few = ", ".join(left_out)
        return Gate("slices", np.nan, np.nan, np.nan, -margin, True, f"no slice has rows enough to compare: {few}")
    worst = min(details, key=lambda gate: (gate.passed, gate.p_value, gate.estimate))
    failed = [gate.name.removeprefix("slice ") for gate in details if not gate.passed]
    which = f"{', '.join(failed)} of" if failed else "none of"
    reason = (
        f"{which} {len(details)} slices {'is' if len(failed) < 2 else 'are'} shown to be worse than the {whom} "
        f"by more than {margin:g}; nearest to it is {worst.name.removeprefix('slice ')} with {worst.estimate:+.4f}, "
        f"p {worst.p_value:.3g} after Holm"
    )
    return Gate("slices", worst.estimate, worst.low, worst.high, -margin, not failed, reason, worst.p_value)
