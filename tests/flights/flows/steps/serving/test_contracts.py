"""Contracts: each holds on a lived warehouse, and each is seen to fail when what it protects is broken."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import yaml

from flows.runtime import warehouse
from flows.steps.serving import contracts
from ml.errors import AsofError
from tests import children
from tests.children import House
from tests.flights.conftest import PROBLEM

PREDICTIONS = f"problems.{PROBLEM}__predictions"
CONTRACTS = sorted(contracts.CONTRACTS.glob("*.yml"))
MART = "flight_disruption_predictions.yml"
# What is done to the warehouse, and what the refusal names.
BROKEN = {
    "a score is missing": (f"update {PREDICTIONS} set score = null where rowid = 7", f"{MART}: score"),
    "a score is no probability": (f"update {PREDICTIONS} set score = 1.5 where rowid = 7", f"{MART}: score"),
    "a rule's score is negative": (f"update {PREDICTIONS} set rule_score = -0.1 where rowid = 7", f"{MART}: rule_score"),
    "a prediction stands twice": (f"insert into {PREDICTIONS} from {PREDICTIONS} limit 1", MART),
    "a prediction names no model": (f"update {PREDICTIONS} set model_version = null where rowid = 7", f"{MART}: model_version"),
    "a reason is no sentence": (f"update {PREDICTIONS} set reasons = 'past_all_7d 0.49' where rowid = 7", f"{MART}: reasons"),
    "there are no predictions": (f"delete from {PREDICTIONS}", MART),
    "a model stands twice": ("insert into ledger.model_versions from ledger.model_versions limit 1", "model_versions.yml"),
}


def test_every_contract_holds_on_a_lived_warehouse(inside: House) -> None:
    assert contracts.verify() > 10


@pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.stem)
def test_each_contract_holds_by_itself(inside: House, tmp_path: Path, file: Path) -> None:
    shutil.copy(file, tmp_path)
    assert contracts.verify(tmp_path) > 0


@pytest.mark.parametrize("what", BROKEN)
def test_a_contract_fails_when(inside: House, what: str) -> None:
    sql, told = BROKEN[what]
    with warehouse.transaction() as con:
        con.execute(sql)
    with pytest.raises(AsofError, match="do not hold") as caught:
        contracts.verify()
    assert told in str(caught.value)


@pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.stem)
def test_a_contract_on_a_table_that_is_not_there_is_no_pass(inside: House, tmp_path: Path, file: Path) -> None:
    contract = yaml.safe_load(file.read_text())
    contract["dataset"] += "_gone"
    (tmp_path / file.name).write_text(yaml.safe_dump(contract))
    with pytest.raises(AsofError, match=file.stem):
        contracts.verify(tmp_path)


def test_a_folder_without_contracts_protects_nobody(inside: House, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(AsofError, match="no check"):
        contracts.verify(tmp_path / "none")


def test_verifying_calls_nobody(copied: House) -> None:
    calling = "tests.flights.flows.steps.serving.test_contracts:_verify_and_note_connections"
    ended = children.run(copied, calling=calling, SODA_CORE_TELEMETRY_ENABLED="true")
    assert ended.code == 0, ended.err
    assert ended.out.strip().endswith("telemetry false, connections []")


def _verify_and_note_connections() -> None:
    """In a child: telemetry is switched off whatever the environment says, and no socket is opened."""
    import socket

    tried: list = []

    def connect(self, address):
        tried.append(address)
        raise OSError("no network")

    socket.socket.connect = connect
    contracts.verify()
    print(f"telemetry {os.environ['SODA_CORE_TELEMETRY_ENABLED']}, connections {tried}")
