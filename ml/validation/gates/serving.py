"""Can it be run: the same scores in serving as in training, within the declared budget, and made again to the byte."""

from collections.abc import Iterator

import numpy as np

from ml.validation.gates.gate import Evidence, Gate

# Both ways add the same leaves in the same order; what differs by more than the last digits comes from other inputs.
SAME = 1e-9


def same_scores(evidence: Evidence) -> Iterator[Gate]:
    """Parity: the scoring path, on the scoring set and in another process, gives the scores that training rows give."""
    found = evidence.measured.parity if evidence.measured else None
    if found is None:
        return
    passed = found.missing == 0 and found.gap <= SAME
    reason = f"{found.rows:,} rows scored by the serving path, largest difference from the training path {found.gap:.2g}"
    if found.missing:
        reason += f"; {found.missing:,} rows of the training set are not in the scoring set"
    elif not passed:
        reason += f", first on {found.first}: the training set and the scoring set give the model other values"
    yield Gate("parity", found.gap, np.nan, np.nan, SAME, passed, reason, about="system")


def affordable(evidence: Evidence) -> Iterator[Gate]:
    """Latency, memory and size within the declared budget, measured in a fresh process on real rows."""
    found, budget = evidence.measured and evidence.measured.cost, evidence.problem.budget
    if not found:
        return
    slow = found.seconds > budget.score_seconds
    # Waiting for other programs is not the model's fault: only its own seconds can fail it.
    passed = True if not slow else False if found.cpu_seconds > budget.score_seconds else None
    reason = (
        f"{found.rows:,} rows scored in {found.seconds:.2f} s, {found.load_seconds:.2f} s of it loading the model "
        f"({found.cpu_seconds:.2f} s of cpu), allowed {budget.score_seconds:g} s"
    )
    if passed is None:
        reason += "; the machine was busy with something else: judge again"
    yield Gate("latency", found.seconds, np.nan, np.nan, budget.score_seconds, passed, reason, about="system")
    for name, value, limit in (
        ("memory", found.memory_mb, budget.score_memory_mb),
        ("size", found.model_mb, budget.model_mb),
    ):
        what = "peak memory of the process that scored" if name == "memory" else "the model as a row"
        reason = f"{what}: {value:.3g} MB, allowed {limit:g} MB"
        yield Gate(name, value, np.nan, np.nan, limit, value <= limit, reason, about="system")


def repeatable(evidence: Evidence) -> Iterator[Gate]:
    """Determinism: the same rows give the same trees."""
    found = evidence.measured.repeat if evidence.measured else None
    if found is None:
        return
    if found.changed:
        reason = f"{found.changed} changed since, so that it cannot be made again: train anew, then judge"
    elif found.same:
        reason = f"made again from the same rows: {found.compared}, the same to the byte"
    else:
        reason = f"made again from the same rows it is another model ({found.compared}): something in it is left to chance"
    yield Gate("repeatable", float(bool(found.same)), np.nan, np.nan, 1.0, found.same, reason, about="system")
