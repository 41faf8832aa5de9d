"""What a problem declares for its studies: the stretch of history that they go through, and the experiments on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import yaml

from flows.runtime import settings
from ml.errors import AsofError
from ml.problem.problem import Problem
from ml.studies.experiment import Plan, read


def plan(problem: Problem) -> Plan:
    """The declared plan; AsofError when there is none."""
    file = settings.PROJECT / Path(problem.path).parent / "experiments.yml"
    where = str(file.relative_to(settings.PROJECT))
    if not file.exists():
        raise AsofError(f"{where} is missing: declare walk_forward and experiments there (docs/how-to/run-experiments.md)")
    try:
        return read(yaml.safe_load(file.read_text()), where)
    except yaml.YAMLError as error:
        raise AsofError(f"{where} is no YAML: {' '.join(str(error).split())}") from error


def midnight(day: date) -> datetime:
    """The UTC midnight at which a day begins, without a zone."""
    return datetime.combine(day, time(), UTC).replace(tzinfo=None)
