"""The unit tests that stand beside the models in YAML: dbt runs them, and here every one has to hold."""

from __future__ import annotations

import pytest

from flows.runtime import dbt
from tests.children import House

pytestmark = pytest.mark.slow


def test_every_unit_test_of_every_model_holds(inside: House) -> None:
    nodes = dbt.run("test", ["test_type:unit"])
    assert len(nodes) == len(dbt.manifest().unit_tests) > 40
    assert [node["name"] for node in nodes if node["status"] != "pass"] == []
