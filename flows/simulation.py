"""The simulation: faults are put into copies of what was lived, to see which of them the monitors notice, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from prefect import flow

from flows.steps.simulating.simulation import Report, Simulation, simulate


@flow(name="simulation")
def simulation(
    problem: str, dates: int = 4, seed: int = 7, turn: date | None = None, evidently: bool = True, kinds: Sequence[str] = (),
    report: Report = lambda *_: None,
) -> Simulation:  # fmt: skip
    """Every fault of the catalogue, or those of some `kinds`, on `dates` days, for all watchers.

    `report(what, at, total)` hears how far it is.
    """
    return simulate(problem, dates, seed, turn, evidently, kinds, report)
