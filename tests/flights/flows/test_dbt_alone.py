"""dbt alone builds the example beside a problem that was declared a minute ago, with nothing landed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clone import build
from tests.flights.second_problem import plant
from tests.flows.test_dbt_alone import UNTESTED

pytestmark = pytest.mark.slow


def test_with_two_problems_everything_builds_with_nothing_landed(tmp_path: Path) -> None:
    assert set(build(plant(tmp_path / "two"), *UNTESTED)) == {"success", "no-op"}
