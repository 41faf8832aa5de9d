"""dbt's parsed project serves every warehouse of the same name, wherever it lies."""

from __future__ import annotations

import os

import pytest

from flows.runtime import dbt, warehouse


@pytest.mark.parametrize("threads", ["1", None], ids=["settings given", "none given"])
def test_the_profile_is_parsed_as_by_default_and_then_is_what_it_was(
    monkeypatch: pytest.MonkeyPatch, threads: str | None
) -> None:
    for name in dbt.PROFILE:
        monkeypatch.delenv(name, raising=False)
    plain = warehouse.profile()
    if threads:
        monkeypatch.setenv("ASOF_WAREHOUSE", "/elsewhere/warehouse.duckdb")
        monkeypatch.setenv("ASOF_THREADS", threads)
    given = dict(os.environ)
    with pytest.raises(KeyError), dbt._at_home():
        assert warehouse.profile() == plain
        raise KeyError
    assert dict(os.environ) == given


def test_a_warehouse_of_another_name_is_another_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASOF_WAREHOUSE", "/elsewhere/lived.duckdb")
    with dbt._at_home():
        assert warehouse.profile()["path"].name == "lived.duckdb"


@pytest.mark.slow
def test_relations_are_in_the_warehouse_that_is_named_now(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        monkeypatch.setenv("ASOF_WAREHOUSE", f"/elsewhere/{name}.duckdb")
        assert {node.database for node in dbt.manifest().nodes.values()} == {name}
        assert {node["database"] for node in dbt.manifest_dict()["nodes"].values()} == {name}


def test_every_setting_that_the_profile_reads_is_left_at_home() -> None:
    read = {part.split("'")[1] for part in (warehouse.PROJECT / "profiles.yml").read_text().split("env_var(")[1:]}
    assert read == set(dbt.PROFILE)
