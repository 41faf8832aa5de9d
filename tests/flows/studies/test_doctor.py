"""Doctor: says nothing of what is well, finds real damage by its name, changes nothing, and advises to delete nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from flows.cli.main import cli
from flows.runtime import dbt, settings
from flows.steps.serving import contracts
from flows.store import ledger
from flows.studies.doctor import installation
from flows.studies.doctor.finding import Finding
from flows.studies.doctor.remains import remains
from flows.studies.doctor.run import examine
from tests import synthetic
from tests.conftest import PROJECT

OPEN = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def shop(shop_house: Path, lived_shop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lived shop, whose contracts and problem are those of its own project, and no server of Prefect."""
    monkeypatch.setattr(contracts, "CONTRACTS", lived_shop / "checks" / "contracts")
    there = sorted(dbt.project_vars().get("problems", []))
    monkeypatch.setattr(dbt, "project_vars", lambda: {"problems": [*there, synthetic.PROBLEM, *synthetic.OTHERS]})
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return shop_house


def change(shop: Path, *statements: str) -> None:
    with duckdb.connect(str(shop / "data" / "warehouse.duckdb")) as con:
        for statement in statements:
            con.execute(statement)


def only(check: str) -> Finding:
    """The one thing that is found."""
    found = examine()
    assert [one.check for one in found] == [check], found
    assert not any(word in found[0].mend for word in ("delete", "remove the", "rm ")), found
    return found[0]


def test_of_what_is_well_nothing_is_said_and_nothing_is_changed(shop: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in shop.rglob("*") if path.is_file()}
    assert examine() == []
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in shop.rglob("*") if path.is_file()} == before
    shown = CliRunner().invoke(cli, ["doctor"])
    assert shown.exit_code == 0 and "all is well" in shown.output


def test_a_finding_is_one_sentence_and_ends_with_one(shop: Path) -> None:
    (shop / "data" / "warehouse.duckdb").chmod(0o644)
    shown = CliRunner().invoke(cli, ["doctor"])
    assert shown.exit_code == 1 and len(shown.output.strip().splitlines()) == 1
    assert f"warehouse.duckdb can be read by others (mode 644); run `chmod 600 {shop}/data/warehouse.duckdb`" in shown.output
    as_json = CliRunner().invoke(cli, ["doctor", "--json"])
    assert as_json.exit_code == 1
    assert [one["check"] for one in json.loads(as_json.stdout)["findings"]] == ["modes"]


def test_with_nothing_landed_all_is_well(house, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert examine() == []


def test_packages_that_are_not_those_of_the_lock_are_named(tmp_path: Path) -> None:
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("duckdb=="))
    lines[at] = "duckdb==0.0.1 \\"
    (tmp_path / "requirements.lock").write_text("\n".join([*lines, "a-package-that-is-not-there==1.0 \\"]))
    found = list(installation.versions(tmp_path / "requirements.lock"))
    assert len(found) == 1 and f"duckdb {duckdb.__version__} (==0.0.1), a-package-that-is-not-there is missing" in found[0].what
    assert list(installation.versions()) == []
    (tmp_path / "requirements.lock").unlink()
    assert "cannot be read" in next(installation.versions(tmp_path / "requirements.lock")).what


def test_what_killed_processes_left_is_named(shop: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    orphan = shop / "published" / f".analytics.duckdb.{gone.pid}.new"
    orphan.write_bytes(b"half a file")
    assert str(orphan) in only("leftovers").what
    assert orphan.exists()


def test_a_log_that_a_killed_process_left_is_kept_for_the_next_verb(shop: Path) -> None:
    script = (
        "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]); con.execute(\"set checkpoint_threshold = '1 TB'\");"
        "con.execute('create table landing.more as select 1 as one'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(shop / "data" / "warehouse.duckdb")], umask=0o077)
    log = shop / "data" / "warehouse.duckdb.wal"
    assert log.stat().st_size
    found = only("leftovers")
    assert str(log) in found.what and "keep it" in found.mend
    assert log.exists()


def test_scores_that_a_killed_run_had_staged_are_named(shop: Path) -> None:
    change(shop, "create table ledger.staged_big_sale (score double)")
    assert "ledger.staged_big_sale" in only("leftovers").what


def test_a_process_that_outlived_what_had_started_it_is_named(shop: Path) -> None:
    script = f"{sys.executable} -c 'import time; time.sleep(120)' -m flows.studies.nothing >/dev/null 2>&1 & echo $!"
    left = int(subprocess.run(["sh", "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True).stdout)
    try:
        found = only("leftovers")
        assert f"process {left} " in found.what and f"kill {left}" in found.mend
    finally:
        os.kill(left, signal.SIGKILL)


def test_a_disk_without_room_is_named_with_what_a_build_needs(shop: Path) -> None:
    found = list(installation.disk(2**60))
    assert [one.check for one in found] == ["disk", "disk"]
    assert str(shop / "data") in found[0].what and "ASOF_WAREHOUSE" in found[0].mend


def test_a_process_that_has_the_warehouse_is_named_with_its_number(shop: Path) -> None:
    file = shop / "data" / "warehouse.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "open\n"
        assert f"process {writer.pid}: " in only("warehouse").what
        writer.communicate()


@pytest.mark.parametrize("damage", ["bits", "no database", "empty"])
def test_a_damaged_warehouse_is_one_finding_and_the_rest_is_checked(shop: Path, damage: str) -> None:
    file = shop / "data" / "warehouse.duckdb"
    data = bytearray(file.read_bytes())
    for start in range(3 * 4096, len(data), 64 * 2**10):
        data[start + 1000] ^= 255
    file.write_bytes({"bits": bytes(data), "no database": b"<html>" * 4000, "empty": b""}[damage])
    file.chmod(0o640)
    found = examine()
    assert {one.check for one in found} == {"warehouse", "modes"}
    said = next(one for one in found if one.check == "warehouse").told
    assert str(file) in said and ("restore" in said or "good copy" in said)


def test_a_clock_that_is_ahead_of_now_is_named(shop: Path) -> None:
    ahead = ledger.wall_clock() + timedelta(days=400)
    change(shop, f"update landing.clock set now = timestamp '{ahead}'")
    assert f"{ahead:%Y-%m-%d}" in only("clock").what
    change(
        shop, "update landing.clock set now = timestamp '2026-02-26'", f"update ledger.runs set started_at = timestamp '{ahead}'"
    )
    assert "a run began" in only("clock").what


def test_commits_that_are_lost_are_named(shop: Path) -> None:
    change(shop, "delete from ledger.runs where phase = 'publishing'")
    found = only("ledger")
    assert "lacks what was committed since" in found.what and "publishing" in found.what


def test_a_champion_without_a_model_is_named(shop: Path) -> None:
    change(shop, "update ledger.promotions set model_version = 'gone-badger-20260101'")
    assert "gone-badger-20260101, the champion of big_sale" in only("models").what


@pytest.mark.parametrize(
    ("column", "damaged"),
    [
        ("model", "replace(model, 'leaf_value=', 'leaf_value=1')"), ("holdout_model", "holdout_model[:1000]"),
        ("edges", "replace(edges, '1.0', '1.5')"), ("importances", "'{\"a\": \"high\"}'"), ("sha256", "reverse(sha256)"),
    ],
)  # fmt: skip
def test_a_model_that_is_not_what_was_written_is_named(shop: Path, column: str, damaged: str) -> None:
    change(shop, f"update ledger.model_versions set {column} = {damaged} where rounds > 0")
    found = next(one for one in examine() if one.check == "models")
    assert "damaged" in found.what and "(no champion)" in found.what and "backup" in found.mend


def test_predictions_of_runs_and_models_that_nobody_knows_are_named(shop: Path) -> None:
    change(
        shop,
        "update problems.big_sale__predictions set model_version = 'nobody' where shop = 1001",
    )
    assert "are of models that the ledger does not know, such as nobody" in only("predictions").what


def test_predictions_that_are_gone_or_of_no_run_are_named(shop: Path) -> None:
    change(shop, "delete from problems.big_sale__predictions where shop = (select min(shop) from problems.big_sale__predictions)")
    assert "predictions more than problems.big_sale__predictions holds" in only("predictions").what
    change(shop, "update problems.big_sale__predictions set run_id = 'nobody'")
    told = [one.told for one in examine()]
    assert any("are of runs that the ledger does not know, such as nobody" in one for one in told)


def test_landed_rows_that_are_gone_are_named_with_their_file(shop: Path) -> None:
    change(shop, "delete from landing.shop__visits where _landing_number = 3 and _line = 2")
    assert "1 missing, from" in only("landed rows").what
    change(shop, "drop table landing.shop__visits cascade")
    assert any("landing.shop__visits is gone" in one.what for one in examine())


def test_a_contract_that_does_not_hold_is_named(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    text = (contracts.CONTRACTS / "model_versions.yml").read_text()
    said = yaml.safe_load(text)
    said["columns"].append({"name": "no_such_column", "checks": [{"missing": None}]})
    (folder / "model_versions.yml").write_text(yaml.safe_dump(said))
    monkeypatch.setattr(contracts, "CONTRACTS", folder)
    assert "model_versions.yml" in only("contracts").what


DECLARED = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]


class Prefect(BaseHTTPRequestHandler):
    """Answers as Prefect's API does: the first two that are declared, the second paused, and a paused pool."""

    code = 200

    def do_POST(self) -> None:
        there = [
            {"name": one["name"], "entrypoint": one["entrypoint"], "paused": at == 1, "work_pool_name": "asof"}
            for at, one in enumerate(DECLARED[:2])
        ]
        answers = {"/api/deployments/filter": there, "/api/work_pools/filter": [{"name": "asof", "is_paused": True}]}
        self.send_response(self.code)
        self.end_headers()
        self.wfile.write(json.dumps(answers[self.path]).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def prefect(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Prefect]]:
    server = HTTPServer(("127.0.0.1", 0), Prefect)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    yield Prefect
    server.shutdown()
    server.server_close()


def test_deployments_that_are_missing_or_paused_are_named(prefect: type[Prefect]) -> None:
    told = [one.told for one in examine()]
    assert sum("is not deployed; run `make serve`" in one for one in told) == len(DECLARED) - 2
    paused = f"{DECLARED[1]['entrypoint'].rpartition(':')[2]}/{DECLARED[1]['name']} is paused"
    assert any(paused in one for one in told)
    assert any("work pool asof is paused" in one for one in told)


def test_a_server_that_refuses_or_is_away_is_named(prefect: type[Prefect], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect, "code", 401)
    assert "refuses the password" in only("deployments").what
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert "does not answer" in only("deployments").what


def test_a_file_with_a_secret_that_others_can_read_is_named(shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    (tmp_path / "auth_string").write_text("asof:hush")
    (tmp_path / "auth_string").chmod(0o604)
    found = only("modes")
    assert "auth_string" in found.what and "hush" not in found.told


def test_what_is_left_of_a_removed_problem_is_named_and_no_fault(shop: Path) -> None:
    assert remains() == []
    change(
        shop,
        f"create table problems.gone__predictions as from problems.{synthetic.PROBLEM}__predictions limit 0",
        "create view problems.gone__scoring_set as select 1 as x",
    )
    page = settings.published_file().parent / "reports" / "gone.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.touch()
    said = remains()
    assert len(said) == 1 and "no fault" in said[0] and "nothing needs to be deleted" in said[0]
    assert all(one in said[0] for one in ("problems.gone__predictions, problems.gone__scoring_set", str(page), "after a backup"))
    shown = CliRunner().invoke(cli, ["doctor"])
    assert shown.exit_code == 0 and said[0] in shown.output and "all is well" in shown.output
