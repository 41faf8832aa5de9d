"""The questions a challenger has to answer, a file per family. A new gate is a function there, and a name in `GATES`.

A gate returns the answers it has: none where it does not apply, several where it asks of several slices.
"""

from collections.abc import Callable, Iterable

from ml.validation.gates.calibration import trusted
from ml.validation.gates.data import enough, fresh, same_world
from ml.validation.gates.gate import Evidence, Flags, Gate, Within
from ml.validation.gates.quality import beats_rule, not_worse
from ml.validation.gates.serving import affordable, repeatable, same_scores
from ml.validation.gates.slices import no_slice_worse
from ml.validation.gates.value import worth_it

GATES: list[Callable[[Evidence], Iterable[Gate]]] = [
    enough, same_world, beats_rule, not_worse, no_slice_worse, worth_it, trusted, same_scores, affordable, repeatable, fresh,
]  # fmt: skip
# Those that need no row of either class.
WITHOUT_METRIC: list[Callable[[Evidence], Iterable[Gate]]] = [enough, same_world, same_scores, affordable, repeatable, fresh]

__all__ = ["GATES", "WITHOUT_METRIC", "Evidence", "Flags", "Gate", "Within"]
