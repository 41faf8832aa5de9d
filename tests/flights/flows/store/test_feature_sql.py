"""Features of other SQL than a model learned from are never scored, and what is said to do about it works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.pages import summary
from flows.runtime import dbt, warehouse
from flows.steps.serving import scoring
from flows.steps.training import training
from flows.steps.validation import evidence
from flows.store import clock, feature_sql, problems, registry
from flows.studies.leak_proof import project
from ml.errors import AsofError
from tests.children import SECONDS, House
from tests.flights.conftest import PROBLEM
from tests.flights.faults import state

FEATURES = f"{PROBLEM}__features"


def learned_other() -> str:
    """The champion learned from features whose SQL was another one; returns its version."""
    version = registry.champion(PROBLEM)
    made = json.loads(registry.learned_from(PROBLEM, version)) | {FEATURES: "0" * 12}
    with warehouse.transaction() as con:
        con.execute("update ledger.model_versions set feature_sql = ? where model_version = ?", [json.dumps(made), version])
    return version


def comment(text: str | None) -> None:
    with warehouse.transaction() as con:
        con.execute(f"comment on table problems.{FEATURES} is {'null' if text is None else repr(text)}")


def mark() -> dict[str, str]:
    found = warehouse.rows("select comment from duckdb_tables() where table_name = ?", [FEATURES])[0]["comment"]
    return json.loads(found.removeprefix(feature_sql.MARK))


def test_the_sql_of_all_that_features_are_made_of_stands_with_model_and_rows(inside: House) -> None:
    version, now = registry.champion(PROBLEM), feature_sql.current(PROBLEM)
    assert {f"{PROBLEM}__scoring_set", FEATURES, "stg_flights__weather", "ftr_weather__hourly"} <= set(now)
    assert not {f"{PROBLEM}__labels", f"{PROBLEM}__predictions", "batches"} & set(now)
    assert json.loads(registry.learned_from(PROBLEM, version)) == now
    assert mark() == {name: digest for name, digest in now.items() if name != f"{PROBLEM}__scoring_set"}
    assert feature_sql.told(problems.get(PROBLEM), version, json.dumps(now)) == ""
    assert summary.of(PROBLEM).refused == ""


def test_what_is_compiled_anew_on_a_grown_warehouse_is_the_same(inside: House) -> None:
    """Neither the rows that came since the first build, nor an incremental run, nor the file's place are in it."""
    kept = json.loads(warehouse.rows("from landing.project")[0]["feature_sql"])
    compiled = dbt.compiled_models(sorted(kept))
    assert {name: feature_sql.digest(sql, "warehouse") for name, sql in compiled.items()} == kept


def test_a_model_of_other_sql_is_refused_by_name_in_scoring_judging_and_status(inside: House) -> None:
    version = learned_other()
    match = f"the SQL of {FEATURES} has changed since {version} learned from its features; train, judge and promote"
    with pytest.raises(AsofError, match=match):
        scoring.score(problems.get(PROBLEM), clock.now())
    with pytest.raises(AsofError, match=match):
        evidence.holdout(problems.get(PROBLEM), clock.now(), version, None)
    assert re.search(match, summary.of(PROBLEM).refused)


def test_rows_of_other_sql_are_refused_in_scoring_and_training_with_what_to_rebuild(inside: House) -> None:
    comment(feature_sql.MARK + json.dumps(mark() | {"ftr_weather__hourly": "0" * 12}))
    match = rf"the SQL of ftr_weather__hourly .* rows of {FEATURES} were made; .*--select ftr_weather__hourly\+`, then train"
    for step in (scoring.score, training.train):
        with pytest.raises(AsofError, match=match):
            step(problems.get(PROBLEM), clock.now())


def test_a_table_that_dbt_made_from_nothing_was_made_by_what_stands(inside: House) -> None:
    before = mark()
    comment(None)
    feature_sql.check(problems.get(PROBLEM))
    assert mark() == before


def test_a_build_that_adds_rows_of_other_sql_leaves_a_mixture_and_one_that_adds_none_leaves_it_as_it_was(inside: House) -> None:
    old = mark() | {FEATURES: "0" * 12}
    comment(feature_sql.MARK + json.dumps(old))
    with feature_sql.building():
        assert mark()[FEATURES] == feature_sql.MIXED, "whoever dies now has perhaps written rows"
    assert mark() == old
    with pytest.raises(RuntimeError), feature_sql.building():
        with warehouse.transaction() as con:
            con.execute(f"insert into problems.{FEATURES} from problems.{FEATURES} limit 1")
        raise RuntimeError
    assert mark()[FEATURES] == feature_sql.MIXED
    with pytest.raises(AsofError, match=f"the SQL of {FEATURES} has changed"):
        feature_sql.check(problems.get(PROBLEM))


def test_rows_of_a_former_champion_that_nobody_can_score_any_more_are_left_and_counted(inside: House) -> None:
    old = learned_other()
    newer = warehouse.rows("select model_version from ledger.model_versions where model_version <> ?", [old])[0]["model_version"]
    with warehouse.transaction() as con:
        con.execute(f"delete from {state.PREDICTIONS} where as_of >= ?", [state.DAY])
    registry.promote(PROBLEM, newer, clock.now(), "features of other SQL")
    assert scoring.score(problems.get(PROBLEM), clock.now()) == 0
    said = warehouse.rows("select message from ledger.runs where phase = 'serving' order by started_at desc limit 1")[0][
        "message"
    ]
    assert re.fullmatch(r"nothing to score; [\d,]+ rows of former champions stay without a score: .*", said)


def test_the_remedy_that_a_refusal_names_works(copied: House, tmp_path: Path) -> None:
    """A feature is multiplied by a hundred: refused until its rows are built anew and a model of them is promoted."""
    edit = project.Edit("macros/flights/local_to_utc.sql", "{% macro", "{#- another layout -#}\n{% macro")
    copy = project.copy(tmp_path / "copy", [edit], parsed=copied.folder / "target")
    environment = {**os.environ, **copied.environment, "DBT_TARGET_PATH": str(copy / "target")}

    def run(*command: str) -> subprocess.CompletedProcess:
        call = (
            [sys.executable, "-m", "flows", *command]
            if command[0] != "dbt"
            else [str(Path(sys.executable).parent / "dbt"), *command[1:]]
        )
        return subprocess.run(call, cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS)

    state.forget_the_last_day(copied)
    unchanged = run("score")
    assert unchanged.returncode == 0, "a comment is no change of the SQL: " + unchanged.stderr
    state.forget_the_last_day(copied)
    path = copy / "models" / "problems" / PROBLEM / f"{FEATURES}.sql"
    before, after = "cohort.distance as plan_distance", "cohort.distance * 100 as plan_distance"
    path.write_text(path.read_text().replace(before, after))
    refused = run("score")
    said = " ".join(refused.stderr.split())
    assert refused.returncode == 1 and f"the SQL of {FEATURES} has changed since rows of {FEATURES} were made" in said, (
        refused.stderr
    )
    remedy = re.search(r"`\.venv/bin/(dbt run [^`]+)`", said)[1].split()
    rebuilt = run(*remedy, "--quiet")
    assert rebuilt.returncode == 0, rebuilt.stdout
    refused = run("score")
    assert refused.returncode == 1 and "learned from its features; train, judge and promote" in " ".join(refused.stderr.split())
    for verb in (("train",), ("promote", "--reason", "features of other SQL"), ("score",)):
        done = run(*verb)
        assert done.returncode == 0, done.stderr
    assert state.ask(copied, f"select min(plan_distance) >= 1000 from problems.{FEATURES}") == [(True,)]
