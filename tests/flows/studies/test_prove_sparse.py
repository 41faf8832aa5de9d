"""A proof on few facts: no visit of the shop falls on a midnight, so a mutant that differs there alone has nothing to show on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flows.studies.leak_proof import mutants
from tests.clone import environment
from tests.conftest import PROJECT

pytestmark = pytest.mark.slow

AT_MIDNIGHT, EARLY = "strict to non-strict", "a negative label is known at once"
# What it changes is the same in every world: no leak, and nothing that the checks look for.
TWICE = {
    "name": "money counts twice", "changed": "spent is doubled in staging",
    "edits": [{"file": "models/staging/shop/stg_shop__visits.sql", "before": "spent", "after": "spent * 2 as spent"}],
}  # fmt: skip


def proved(project: Path, *own: dict, shared: tuple[str, ...]) -> tuple[int, str, str]:
    """The code with which a short proof with these mutants ends, what it said, and its page."""
    listed = project / mutants.SHARED.relative_to(PROJECT)
    every = yaml.safe_load(mutants.SHARED.read_text())
    listed.write_text(yaml.safe_dump([one for one in every if one["name"] in shared]))
    (project / "models" / "problems" / "big_sale" / "mutants.yml").write_text(yaml.safe_dump(list(own)))
    page = project / "page.md"
    done = subprocess.run(
        [sys.executable, "-m", "flows", "prove", "--days", "20", "--cuts", "1", "--hourly-days", "1", "--page", str(page)],
        cwd=project, env=environment() | {"ASOF_THREADS": os.environ.get("ASOF_THREADS", "2")}, capture_output=True, text=True,
        timeout=900,
    )  # fmt: skip
    assert page.exists(), done.stdout + done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split()), page.read_text()


def test_a_mutant_that_no_fact_could_show_is_no_hole_and_one_that_was_missed_is(shop_project: Path) -> None:
    code, said, page = proved(shop_project, shared=(AT_MIDNIGHT, EARLY))
    assert code == 3, said
    assert "1 of 2 mutants in use were caught" in said and f"from the project: {AT_MIDNIGHT}; prove it with more facts" in said
    assert "**big_sale holds nothing from the future" in page and "| nothing to show it on |" in page

    code, said, page = proved(shop_project, TWICE, shared=(AT_MIDNIGHT,))
    assert code == 1, said
    assert "1 of 2 mutants were not caught: money counts twice; 1 had nothing to show on" in said
    assert "| **nothing: it survived** |" in page and "rows are others, the first in " in page
