"""An export reads what is published, one target after the other, and after each publication where ASOF_EXPORT says."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from flows.cli.main import cli
from flows.runtime.export_targets import Target
from flows.steps.serving.exporting import exporting
from ml.errors import AsofError
from tests.clone import environment, flows
from tests.flows.steps.serving.exporting.conftest import Publish


def test_without_a_published_file_a_sentence_says_so(publish: Publish, tmp_path: Path) -> None:
    targets = [Target("csv", str(tmp_path / "sheets"))]
    with pytest.raises(
        AsofError, match=r"analytics\.duckdb is not there, so there is nothing to export: run `python -m flows publish`"
    ):
        exporting.export(targets)
    publish()
    with duckdb.connect(str(tmp_path / "published" / "analytics.duckdb")) as con:
        con.execute("drop macro table published_run")
    with pytest.raises(AsofError, match="does not say of which run it is"):
        exporting.export(targets)
    assert not (tmp_path / "sheets").exists()


def test_a_damaged_published_file_is_named(publish: Publish, tmp_path: Path) -> None:
    publish()
    file = tmp_path / "published" / "analytics.duckdb"
    file.write_bytes(b"half a file")
    with pytest.raises(AsofError, match=r"analytics\.duckdb: .*not a valid DuckDB"):
        exporting.export([Target("csv", str(tmp_path / "sheets"))])


def test_one_that_fails_keeps_no_other_from_its_turn(publish: Publish, tmp_path: Path) -> None:
    publish()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    done = []
    targets = [Target("parquet", str(tmp_path / "taken")), Target("csv", str(tmp_path / "sheets"))]
    with pytest.raises(AsofError, match=r"notes\.txt was not written by an export"):
        exporting.export(targets, done=done.append)
    assert [one.target.kind for one in done] == ["csv"]
    assert (tmp_path / "sheets" / "current" / "visits.csv").exists()


def test_what_comes_out_is_deterministic(publish: Publish, tmp_path: Path) -> None:
    publish()
    for place in ("one", "two"):
        exporting.export([Target(kind, str(tmp_path / place / kind)) for kind in ("parquet", "parquet_by_day", "csv")])
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) > 90
    assert [file for file in files if (tmp_path / "one" / file).read_bytes() != (tmp_path / "two" / file).read_bytes()] == []


def test_the_verb_says_what_it_needs_and_what_it_did(publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(cli, ["export", *arguments])
        assert done.exit_code == code, done.output
        return (done.stdout if not code else done.stderr).replace("\n", "")

    publish(3)
    assert "name a target with --to" in said(code=1)
    told = said("--to", f"csv:{tmp_path}/sheets", "--to", f"parquet:{tmp_path}/lake")
    assert f"✓ csv:{tmp_path}/sheets holds run 000000000003 as of 2026-02-26 00:00 UTC: shops (20), visits (90)" in told
    monkeypatch.setenv("ASOF_EXPORT", f"csv:{tmp_path}/sheets")
    assert "holds already run 000000000003" in said()
    assert "set ASOF_POSTGRES, and write --to postgres" in said("--to", "postgresql://u:hunter2@h/d", code=2)
    assert "hunter2" not in CliRunner().invoke(cli, ["export", "--to", "postgresql://u:hunter2@h/d"]).output
    assert not (tmp_path / "none.duckdb").exists(), "the warehouse is not touched"


def runs(project: Path) -> list[tuple]:
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        asked = "select status, message from ledger.runs where phase = 'exporting' order by started_at"
        return con.execute(asked).fetchall()


def test_each_publication_is_exported_and_one_that_cannot_be_stays_published_and_is_an_alert(shop_project: Path) -> None:
    sheets = shop_project / "sheets"
    (shop_project / ".env").write_text("ASOF_EXPORT=csv:sheets\n")
    flows(shop_project, "publish")
    with duckdb.connect(str(shop_project / "published" / "analytics.duckdb"), read_only=True) as con:
        wanted = con.execute("select count(*) from model_versions").fetchall()[0][0]
        first = con.execute("from published_run()").fetchall()[0][0]
    with (sheets / "current" / "model_versions.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == wanted > 0
    assert [status for status, _ in runs(shop_project)] == ["succeeded"]

    (sheets / "notes.txt").write_text("mine")
    told = flows(shop_project, "publish", code=1)
    assert "notes.txt was not written by an export" in told and "what was published stays" in told
    with duckdb.connect(str(shop_project / "published" / "analytics.duckdb"), read_only=True) as con:
        assert con.execute("from published_run()").fetchall()[0][0] != first
    assert [status for status, _ in runs(shop_project)] == ["succeeded", "failed"]
    with duckdb.connect(str(shop_project / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select kind, subject from monitoring.alerts where kind = 'failed_run'").fetchall() == [
            ("failed_run", "exporting")
        ]

    (sheets / "notes.txt").unlink()
    flows(shop_project, "publish", "--rollback")
    assert first[:12] in (sheets / "current").readlink().name, "what is shown again is exported again"
    assert environment().get("ASOF_EXPORT") is None
