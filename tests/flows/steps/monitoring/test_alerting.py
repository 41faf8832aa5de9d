"""Alerts on a house that was lived in: real monitors, the real lineage, and a warehouse that an earlier version has made."""

from __future__ import annotations

import yaml

from flows.runtime import dbt
from tests.conftest import PROJECT


def test_the_runs_that_are_expected_are_those_that_are_deployed_by_the_hour() -> None:
    deployed = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
    hourly = {one["entrypoint"].split(":")[1] for one in deployed for when in one["schedules"] if " * * * *" in when["cron"]}
    assert set(dbt.project_vars()["expected_runs"]) == hourly
