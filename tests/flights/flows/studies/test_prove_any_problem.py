"""The proof knows no problem: it holds for one that was declared a minute ago, and catches what leaks there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

from flows.studies.leak_proof import mutants
from tests.children import SECONDS
from tests.conftest import PROJECT
from tests.flights.conftest import Lived
from tests.flights.second_problem import SECOND, plant

LEAK = "a negative label is known at once"


def test_a_problem_of_sql_and_yaml_alone_is_proved_by_the_same_command(lived: Lived, tmp_path: Path) -> None:
    house, copy = lived.started.copy(tmp_path / "house"), plant(tmp_path / "copy")
    shared = copy / mutants.SHARED.relative_to(PROJECT)
    shared.write_text(yaml.safe_dump([one for one in yaml.safe_load(shared.read_text()) if one["name"] == LEAK]))
    page = tmp_path / "page.md"
    done = subprocess.run(
        [sys.executable, "-m", "flows", "prove", "--problem", SECOND, "--days", "20", "--cuts", "1", "--hourly-days", "1",
         "--page", str(page)],
        cwd=copy, env={**os.environ, **house.environment}, capture_output=True, text=True, timeout=3 * SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    text = page.read_text()
    assert f"{SECOND} holds nothing from the future" in text and "1 of 1 mutants in use were caught" in text
    assert "hour by hour, last 1 day" in text and f"`{SECOND}__labels` | label_known_at" in text
    assert page.with_suffix(".html").exists()
