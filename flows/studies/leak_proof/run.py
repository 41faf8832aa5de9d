"""The proof: the project itself shows that its features hold nothing from the future, and that it would notice."""

from __future__ import annotations

from flows.store import problems
from flows.studies.leak_proof import mutants as lists
from flows.studies.leak_proof.proof import Proof, begin, prove_mutants, prove_project, scratch, sql_of
from ml.models.learn import Progress


def prove(
    problem: str, cuts: int = 3, days: int = 120, seed: int = 7, hourly_days: int = 2, mutants: bool = True,
    on_progress: Progress = lambda *_: None,
) -> Proof:  # fmt: skip
    """Prove a problem on the first `days` days that landed: `cuts` truncations, batches, and then the mutants.

    The smallest batches are the hours of the last `hourly_days` days.

    `on_progress(what, at, total)` hears how far it is. Nothing outside a scratch folder beside the warehouse is written.
    """
    problems.get(problem)
    with scratch() as folder:
        job = begin(folder, problem, days, seed)
        proof = Proof(job, prove_project(job, cuts, hourly_days, on_progress))
        # A project that leaks cannot tell a mutant from itself.
        if mutants and proof.holds:
            proof.fates = prove_mutants(job, lists.of(problem), sql_of(proof.results), on_progress)
    return proof
