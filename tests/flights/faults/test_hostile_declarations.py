"""A name in YAML that SQL would read as more than a name: refused by file and line, and no SQL is run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.studies.leak_proof import project
from tests.children import SECONDS, VARIABLES
from tests.flights.conftest import PROBLEM, Lived

YAML = f"models/problems/{PROBLEM}/_{PROBLEM}.yml"
HOSTILE = '"weather_wind; drop table ledger.runs; --"'


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("- name: plan_hour\n", f"- name: {HOSTILE}\n", "is not a name"),
        ("- name: plan_hour\n", "- name: group\n", "is a word of SQL"),
        ("slices: [plan_origin, plan_carrier]", 'slices: ["plan_origin\' or 1=1 --"]', "no column to slice by"),
        ("num_leaves: 31", "num_leaves: 7 boosting=dart linear_tree=true", "num_leaves must be a whole number"),
        ("max_bin: 63", "max_bin: 63\n              max_bin: 64", "stands here and on line"),
    ],
    ids=["a statement", "a word of SQL", "a condition", "parameters in a parameter", "a key twice"],
)
def test_a_hostile_declaration_is_refused_before_any_sql_runs(
    lived: Lived, tmp_path: Path, before: str, after: str, told: str
) -> None:
    copy = project.copy(tmp_path / "copy", [project.Edit(YAML, before, after)], parsed=lived.day.folder / "target")
    line = next(
        at for at, text in enumerate((copy / YAML).read_text().splitlines(), 1) if after.strip().split("\n")[-1].strip() in text
    )
    environment = {**os.environ, **{name: str(tmp_path / part) for name, part in VARIABLES.items() if name.startswith("ASOF_")}}
    done = subprocess.run(
        [sys.executable, "-m", "flows", "land", "--until", "2013-01-02"],
        cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert f"{YAML}:{line}: " in " ".join(done.stderr.split()) and told in " ".join(done.stderr.split())
    assert not (tmp_path / "warehouse.duckdb").exists(), "nothing was asked of a database"
