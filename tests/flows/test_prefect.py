"""What of Prefect needs no server; `test_prefect_served` has a real one."""

from __future__ import annotations

import importlib
import inspect
import os
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from prefect import Flow
from prefect.exceptions import ParameterTypeError

from flows.cycle import cycle
from tests.conftest import PROJECT

DEPLOYED = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]


def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        environment = {**os.environ, "ASOF_PREFECT_PORT": port, "PREFECT_HOME": str(tmp_path)}
        ended = subprocess.run(
            [sys.executable, "-m", "flows.serve"], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 1
    assert f"port {port} is taken" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("deployed", DEPLOYED, ids=lambda one: f"{one['entrypoint'].split(':')[1]}/{one['name']}")
def test_every_deployed_flow_takes_the_parameters_that_prefect_gives_it(deployed: dict) -> None:
    """Prefect reads types by name, long after the module was imported: what it cannot find ends each run before it begins."""
    module, _, name = deployed["entrypoint"].replace("/", ".").partition(".py:")
    flow = getattr(importlib.import_module(module), name)
    needed = [one.name for one in inspect.signature(flow.fn).parameters.values() if one.default is one.empty]
    given = dict.fromkeys(needed, "a word") | deployed.get("parameters", {})
    assert given.items() <= flow.validate_parameters(given).items()
    with pytest.raises(ParameterTypeError):
        flow.validate_parameters(given | {next(iter(inspect.signature(flow.fn).parameters)): [1]})


def test_an_instant_of_a_form_is_taken_to_utc() -> None:
    given = {"until": "2026-07-01T00:00:00-05:00", "length": "day"}
    assert cycle.validate_parameters(given)["until"] == datetime(2026, 7, 1, 5)


def test_every_flow_that_prefect_runs_has_a_limit_of_time() -> None:
    modules = [
        importlib.import_module(f"flows.{file.stem}") for file in (PROJECT / "flows").glob("*.py") if file.stem != "__main__"
    ]
    found = {one.name: one.timeout_seconds for module in modules for one in vars(module).values() if isinstance(one, Flow)}
    assert {"cycle", "data", "serving", "monitoring", "retraining", "look", "triggers", "training", "validation"} <= found.keys()
    assert all(found.values()), found
