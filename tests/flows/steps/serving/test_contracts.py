"""Contracts: each holds on a lived warehouse, and each is seen to fail when what it protects is broken."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flows.steps.serving import contracts
from ml.errors import AsofError


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"checks": [{"invalid": {"valid_mn": 0, "valid_max": 1}}]}, "valid_mn"),
        ({"checks": [{"missin": {}}]}, "missin"),
        ({"chekcs": [{"missing": {}}]}, "chekcs"),
    ],
)
def test_a_misspelt_key_is_refused(tmp_path: Path, wrong: dict, told: str) -> None:
    contract = {"dataset": "warehouse/marts/model_quality", "columns": [{"name": "score", **wrong}]}
    (tmp_path / "spelt.yml").write_text(yaml.safe_dump(contract))
    with pytest.raises(AsofError, match=r"spelt\.yml") as caught:
        contracts.validate(tmp_path / "spelt.yml")
    assert told in str(caught.value)


def test_a_contract_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.yml").write_text("dataset: [")
    with pytest.raises(AsofError, match=r"torn\.yml is not YAML"):
        contracts.validate(tmp_path / "torn.yml")
