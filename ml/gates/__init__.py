"""The questions a challenger has to answer, a file per family. A new gate is a function there, and a name in `GATES`.

A gate returns the answers it has: none where it does not apply, several where it asks of several slices.
"""

from collections.abc import Callable, Iterable

from ml.gates.calibration import calibrated, sloped
from ml.gates.data import enough, same_world
from ml.gates.gate import Evidence, Flags, Gate
from ml.gates.quality import beats_rule, not_worse
from ml.gates.serving import affordable, repeatable, same_scores
from ml.gates.slices import no_slice_worse
from ml.gates.value import worth_it

GATES: list[Callable[[Evidence], Iterable[Gate]]] = [
    enough, same_world, beats_rule, not_worse, no_slice_worse, worth_it, calibrated, sloped, same_scores, affordable, repeatable,
]  # fmt: skip

__all__ = ["GATES", "Evidence", "Flags", "Gate"]
