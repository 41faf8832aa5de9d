"""A measurement is a fresh process; one that fails, or swallows the machine, has no figures and a reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import measure
from benchmarks.bench import Bench
from benchmarks.measure import Contestant, once, take_turns
from benchmarks.peers import NoPeerError

VIEWS = {"spine": "(select 1 as flight_row)"}


def contestant(label: str, sql: str, peer: str = "house") -> Contestant:
    return Contestant(label, peer, "macros.query", {"views": VIEWS, "sql": sql})


def test_turns_alternate_and_a_failure_is_a_row_with_its_reason(tmp_path: Path) -> None:
    said: list[str] = []
    rows, answers = take_turns([contestant("good", "select * from spine"), contestant("bad", "select nothing from spine")], 2,
                               tmp_path, said.append)  # fmt: skip
    good, bad = rows
    assert len(good.turns) == 2 and good.wall > 0 and good.cpu > 0 and 20 < good.peak_mb < 1000
    assert bad.wall is None and "nothing" in bad.problem
    assert list(answers) == ["good"] and answers["good"].exists()
    assert [line.split()[0] for line in said] == ["good", "bad", "good"]


def test_a_process_that_needs_too_much_memory_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "MEMORY_CAP", 1)
    with pytest.raises(RuntimeError, match="needed more than"):
        once(contestant("large", "select i from range(30000000) t(i) order by hash(i)"), None, tmp_path)


def test_a_peer_that_cannot_be_installed_is_a_row_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "locks" / "nobody.txt"
    lock.parent.mkdir()
    lock.write_text("not-a-package @ file:///nowhere/at/all.whl\n")
    monkeypatch.setattr("benchmarks.peers.PEERS", lock.parent)
    monkeypatch.setattr("benchmarks.peers._quietly", _refuse)
    rows, _ = take_turns([contestant("peer", "select 1", peer="nobody")], 1, tmp_path, lambda line: None)
    assert rows[0].problem == "nobody could not be installed: no network"


def _refuse(command: list[str]) -> None:
    raise NoPeerError("nobody could not be installed: no network")


def test_a_run_that_was_cut_off_keeps_the_cases_of_the_last_hours_and_measures_the_others(tmp_path: Path) -> None:
    first = Bench(["quick"], turns=1, work=tmp_path, results=tmp_path / "results", say=lambda line: None)
    kept = first.measure("suite", "one", "quick", 1, [contestant("good", "select * from spine")])
    again = replace(first, resume=True)
    assert again.measure("suite", "one", "quick", 1, [contestant("bad", "select nothing from spine")]) == kept
    assert again.measure("suite", "two", "quick", 1, [contestant("good", "select * from spine")])["case"] == "two"
    first.keep("suite", kept | {"measured": "2020-01-01 00:00"})
    assert again.measure("suite", "one", "quick", 1, [contestant("good", "select * from spine")])["measured"] > "2020-01-02"
