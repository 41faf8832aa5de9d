"""What the page on adding a problem says to write is what the law of exposures asks for."""

from __future__ import annotations

import yaml

from tests.architecture import laws
from tests.architecture.house import House, Model
from tests.conftest import PROJECT
from tests.flights.second_problem import exposure


def test_the_exposure_that_a_further_problem_needs_is_named_with_its_file_and_written_on_the_page() -> None:
    name = "carrier_cancels__cohort"
    broken = House({name: Model(name, "problems", "carrier_cancels", "", "x", {})}, {}, set())
    (said,) = laws.every_report_has_its_exposure(broken)
    assert said.startswith("models/marts/_exposures.yml: exposures: ") and "reports/carrier_cancels.html" in said
    first, last = yaml.safe_load(f"{(PROJECT / 'models/marts/_exposures.yml').read_text()}\n{exposure()}")["exposures"][1:]
    broken.exposures[last["name"]] = last["url"]
    assert laws.every_report_has_its_exposure(broken) == []
    assert last["depends_on"] == first["depends_on"], "every report reads the same models"
