"""The import law (.importlinter) holds for the packages, and refuses a copy of them in which it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from flows.runtime import example
from flows.studies.scaffolding import plan
from tests import synthetic
from tests.architecture.house import House
from tests.architecture.laws import features_of

PROJECT = Path(__file__).parents[2]
PACKAGES = ("ml", "checks", "flows")


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages in a folder."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_packages_import_downwards_only() -> None:
    result = _lint(PROJECT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "line", "law"),
    [
        ("ml/models/score.py", "import checks.landing", "a room imports only rooms below it"),
        ("checks/landing.py", "import flows.steps.data.landing.landing", "a room imports only rooms below it"),
        ("ml/models/score.py", "def late():\n    import duckdb", "ml can be tested with arrays alone"),
        ("ml/models/score.py", "import pandera", "ml can be tested with arrays alone"),
        ("checks/landing.py", "import prefect", "checks know schemas"),
        ("flows/data.py", "import duckdb", "only runtime, store, steps and studies talk to DuckDB"),
        ("flows/data.py", "from dbt.cli.main import dbtRunner", "only runtime runs dbt"),
        ("flows/steps/data/landing/landing.py", "import flows.data", "a room imports only rooms below it"),
        ("flows/steps/serving/scoring.py", "import flows.studies.plans", "a room imports only rooms below it"),
        ("flows/steps/serving/scoring.py", "import flows.steps.training.causes", "the steps of a phase know no other phase"),
        ("flows/studies/backtest/run.py", "import flows.studies.experiments.run", "a study knows no other study"),
        ("flows/pages/card/cards.py", "import flows.pages.report.reports", "a report shows cards"),
        ("ml/problem/split.py", "import ml.models.train", "in ml a room imports only rooms below it"),
        ("ml/problem/keys.py", "import ml.problem.problem", "no two rooms"),
    ],
)
def test_an_import_in_the_wrong_direction_is_refused(tmp_path: Path, file: str, line: str, law: str) -> None:
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / ".importlinter", tmp_path)
    with (tmp_path / file).open("a") as source:
        source.write(f"\n\n{line}\n")
    result = _lint(tmp_path)
    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert result.returncode == 1 and any(row.startswith(law) for row in broken), result.stdout + result.stderr


def _names(features: set[str], text: str) -> list[str]:
    return sorted(name for name in features if f'"{name}"' in text or f"'{name}'" in text)


def _of_problems(house: House, came_along: tuple[str, ...]) -> set[str]:
    """The features of a house that only its problems can have named.

    What `new problem` itself names is the engine's. Of problems that people add, single words (`age`, `hour`) are left out:
    they stand in quotes somewhere, for something else.
    """
    found = set()
    for problem in house.problems:
        features = features_of(house.models[f"{problem}__training_set"])
        found |= features if problem in came_along else {name for name in features if "_" in name}
    return found - {plan.WEEKDAY}


def _named(features: set[str]) -> dict[str, list[str]]:
    """File → the features that it names."""
    files = [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]
    assert files
    return {str(path): found for path in files if (found := _names(features, path.read_text()))}


def test_no_python_names_a_feature(house: House) -> None:
    assert _named(_of_problems(house, example.read().problems)) == {}


def test_no_python_names_a_feature_of_the_shop(shop: House) -> None:
    features = _of_problems(shop, (synthetic.PROBLEM,))
    assert features and _named(features) == {}


def test_a_feature_that_python_names_is_found() -> None:
    assert _names({"gust", "wind_speed"}, 'columns = ["gust"]') == ["gust"]


def test_of_a_problem_that_people_add_the_names_of_the_engine_and_single_words_may_stand_in_python(shop: House) -> None:
    training_set = f"{synthetic.PROBLEM}__training_set"
    model = replace(shop.models[training_set], columns={"age": {}, "visits_7d": {}, plan.WEEKDAY: {}})
    grown = replace(shop, models={training_set: model})
    assert _of_problems(grown, ()) == {"visits_7d"}
    assert _of_problems(grown, (synthetic.PROBLEM,)) == {"age", "visits_7d"}
