"""The whole proof of a problem: the project as it is, in parts side by side, and then its mutants."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from flows.runtime import dbt, lineage, settings, warehouse
from flows.steps.data import landing_zone
from flows.store import problems
from flows.studies.leak_proof import mutants, project, rebuilds
from flows.studies.leak_proof.child import Job
from flows.studies.leak_proof.comparing import Difference
from flows.studies.leak_proof.running import Result, differences, run
from flows.studies.leak_proof.survivors import Made, changed
from ml.errors import AsofError
from ml.models.learn import Progress

# Batches of a whole month, after at least as long a history. Its hours would be 720 runs of dbt, a quarter of an hour:
# those of the last days hold nights, and the turns of a day in Greenwich and here.
BATCH_DAYS = 30
# How much history a mutant gets: what it leaks shows as well in little of it.
SHORT_DAYS = 20
# For a mutant, batches need only be of different sizes; all at once they have to span two midnights.
MUTANT_BATCH_DAYS, MUTANT_BATCH_HOURS = 2, 6


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: caught at `difference`, not in use in this problem, or a survivor; `error` if it could not run.

    Of a survivor `changed` says in how many rows what it built is not what the project builds, and `first` which is the first.
    """

    mutant: mutants.Mutant
    difference: Difference | None
    used: bool
    seconds: float
    error: str = ""
    changed: int = 0
    first: Difference | None = None

    @property
    def survived(self) -> bool:
        """Whether the proof did not notice it, though it changes what runs."""
        return self.difference is None and self.used

    @property
    def missed(self) -> bool:
        """Whether it changed what was built, and no check noticed; or could not run."""
        return self.survived and bool(self.changed or self.error)

    @property
    def unseen(self) -> bool:
        """Whether it built what the project builds, to the last bit: no fact here lies where the two would differ."""
        return self.survived and not self.missed


@dataclass
class Proof:
    """What was proved, from which span of history (`job`), and what was found."""

    job: Job
    results: list[Result]
    fates: list[Fate] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """No difference in the project as it is, and no mutant that changed anything and was missed."""
        return not differences(self.results) and not any(fate.missed for fate in self.fates)

    @property
    def whole(self) -> bool:
        """Whether it holds, and there were facts on which every mutant in use could show."""
        return self.holds and not any(fate.unseen for fate in self.fates)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder beside the warehouse, removed at the end."""
    beside = warehouse.file().parent
    beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="proof-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def begin(folder: Path, problem: str, days: int, seed: int) -> Job:
    """Cut the slice of history that all rebuilds are made of; returns a job over all of it, without checks."""
    slice_file = folder / "slice.duckdb"
    own = lineage.sources(dbt.manifest_dict(), problem)
    declared = problems.get(problem)
    labels = (f"problems.{problem}__training_set", declared.as_of, declared.label_known_at)
    cut = rebuilds.cut_slice(warehouse.file(), slice_file, landing_zone.sources(), days, own, labels)
    return Job(
        problem,
        str(folder),
        str(slice_file),
        cut.begin,
        cut.end,
        seed,
        parts=(),
        labels=cut.labels,
        wait=cut.wait.total_seconds(),
    )


def short(job: Job) -> Job:
    """The same job on the first days only, and on some behind the first label: what leaks into labels shows in labels."""
    return replace(job, end=min(job.end, rebuilds.enough(job.begin, SHORT_DAYS, job.labels, timedelta(seconds=job.wait))))


def sql_of(results: list[Result]) -> set[str]:
    """The digests of the SQL that ran."""
    return {result.sql for result in results}


def prove_project(
    base: Job, cuts: int, hourly_days: int = 2, on_progress: Progress = lambda what, at, total: None
) -> list[Result]:
    """The project as it is: cuts in one process and batches in another; the results of both."""
    folder, days = Path(base.folder), min(BATCH_DAYS, (base.end - base.begin).days // 2)
    hourly = {"hours": 1, "hourly_days": min(hourly_days, days)}
    jobs = {
        "cuts": replace(base, folder=str(folder / "cuts"), cuts=cuts, parts=("keys", "split", "cuts")),
        "batches": replace(base, folder=str(folder / "batches"), days=days, parts=("batches",), **hourly),
    }
    totals = {"cuts": 3 + 2 * cuts, "batches": 4}

    def one(name: str) -> list[Result]:
        done = 0

        def tell(check: str) -> None:
            nonlocal done
            done += 1
            on_progress(name, done, totals[name])

        on_progress(name, 0, totals[name])
        parsed = settings.path("DBT_TARGET_PATH", "target")
        return run(project.copy(folder / f"project_{name}", parsed=parsed), jobs[name], tell)

    with ThreadPoolExecutor(settings.threads()) as pool:
        found = [result for results in pool.map(one, jobs) for result in results]
    return found


def prove_mutants(
    base: Job, some: list[mutants.Mutant], known_sql: set[str], on_progress: Progress = lambda what, at, total: None
) -> list[Fate]:
    """Every mutant through the checks until one catches it, as many side by side as there are cores.

    What survives is held against the project as it is, built of the same facts. `known_sql` are the digests of the SQL that the
    project itself ran: a mutant that runs no other SQL is not in use.
    """
    folder, done = Path(base.folder), 0
    parsed = folder / "project_cuts" / "target"
    survivors: dict[int, Made] = {}

    def one(numbered: tuple[int, mutants.Mutant]) -> Fate:
        nonlocal done
        number, mutant = numbered
        where = folder / f"mutant_{number}"
        job = replace(
            short(base), folder=str(where / "rebuilds"), cuts=2, days=MUTANT_BATCH_DAYS, hours=MUTANT_BATCH_HOURS,
            stop=True, parts=("keys", "split", "cuts", "batches"),
        )  # fmt: skip
        try:
            copied = project.copy(where / "project", mutant.edits, parsed)
            results = run(copied, job)
            used = not sql_of(results) <= {"", *known_sql} or any(edit.file.endswith(".py") for edit in mutant.edits)
            if used and not differences(results):
                made = Made.of(Path(job.folder), results)
                survivors[number] = Made(made.file.rename(folder / f"survivor_{number}.duckdb"), made.split)
        except AsofError as error:
            return Fate(mutant, None, True, 0, f"could not run: {error}")
        finally:
            shutil.rmtree(where, ignore_errors=True)
            done += 1
            on_progress("mutants", done, len(some))
        return Fate(mutant, next(iter(differences(results)), None), used, sum(result.seconds for result in results))

    on_progress("mutants", 0, len(some))
    with ThreadPoolExecutor(settings.threads()) as pool:
        fates = list(pool.map(one, enumerate(some)))
    if survivors:
        own, key = _as_it_is(base, parsed), problems.get(base.problem)
        for number, made in survivors.items():
            rows, first = changed(own, made, [key.entity, key.as_of])
            fates[number] = replace(fates[number], changed=rows, first=first)
    return fates


def _as_it_is(base: Job, parsed: Path) -> Made:
    """The project as it is, built of the facts that mutants get."""
    folder = Path(base.folder) / "as_it_is"
    job = replace(short(base), folder=str(folder / "rebuilds"), parts=("split",))
    return Made.of(Path(job.folder), run(project.copy(folder / "project", parsed=parsed), job))
