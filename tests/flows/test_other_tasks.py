"""Numbers and classes live the whole life beside a yes-or-no question, by commands: from history to verdict, scores and pages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests import synthetic

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the shop's three questions, lived for ten days."""
    folder = tmp_path_factory.mktemp("tasks")
    project = synthetic.plant(folder / "project")
    for name in synthetic.OTHERS:
        synthetic.add_other(project, name)
    synthetic.write_visits(folder / "landing")
    run(folder, "replay", "--history", synthetic.HISTORY, "--until", synthetic.UNTIL)
    return folder


def run(folder: Path, *arguments: str, fails: bool = False) -> str:
    """A verb in the project; returns what it said."""
    paths = {"ASOF_WAREHOUSE": "warehouse.duckdb", "ASOF_PUBLISHED": "published/analytics.duckdb", "ASOF_LANDING": "landing"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ASOF_", "DBT_"))}
    environment |= {name: str(folder / path) for name, path in paths.items()} | {"ASOF_TIME_ZONE": synthetic.ZONE}
    command = [sys.executable, "-m", "flows", *arguments]
    done = subprocess.run(command, cwd=folder / "project", env=environment, capture_output=True, text=True, timeout=900)
    assert (done.returncode != 0) == fails, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr * fails


@pytest.fixture
def con(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        yield con


def quality(con: duckdb.DuckDBPyConnection, problem: str) -> dict[tuple[str, str], float]:
    found = con.execute(
        "select scorer, metric, value from monitoring.mon_quality_by_metric where problem = ? and grain = 'all'", [problem]
    )
    return {(scorer, metric): value for scorer, metric, value in found.fetchall()}


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_the_first_challenger_beats_the_rule_and_the_same_gates_judge_the_next(con, problem: str) -> None:
    decisions = con.execute("select decision from ledger.verdicts where problem = ? order by decided_at", [problem]).fetchall()
    assert decisions[0] == ("PROMOTE",) and len(decisions) > 1
    assert {one for (one,) in decisions[1:]} <= {"PROMOTE", "KEEP", "INCONCLUSIVE"}


def test_live_numbers_are_nearer_to_the_truth_than_the_rule_and_intervals_hold_what_they_claim(con) -> None:
    found = quality(con, "next_sales")
    assert found["champion", "mae"] < found["rule", "mae"]
    assert found["champion", "coverage_80"] == pytest.approx(0.8, abs=0.06)
    assert found["champion", "coverage_95"] == pytest.approx(0.95, abs=0.04)
    low, inside = con.execute(
        "select min(high_80 - low_80), avg(cast(label as integer)) from monitoring.mon_scored "
        "inner join problems.next_sales__predictions as said on entity_id = shop::varchar and mon_scored.as_of = said.as_of "
        "where problem = 'next_sales' and label is not null"
    ).fetchall()[0]
    assert low > 0 and inside == pytest.approx(found["champion", "coverage_80"])


def test_nothing_that_is_said_of_what_is_never_negative_lies_below_zero(con) -> None:
    said = ", ".join(f"min({one})" for one in ("score", "rule_score", "low_80", "high_80", "low_95", "high_95"))
    (lowest,) = con.execute(f"select {said}, count(*) filter (where low_95 = 0) from problems.next_sales__predictions").fetchall()
    assert min(lowest[:-1]) == 0 < lowest[-1], "some intervals end at 0"


def test_live_classes_are_likelier_than_by_the_rule(con) -> None:
    found = quality(con, "crowd")
    assert found["champion", "log_loss"] < found["rule", "log_loss"]
    assert found["champion", "accuracy"] > found["rule", "accuracy"]
    wrong = con.execute(
        "select count(*) from problems.crowd__predictions where abs(score_quiet + score_usual + score_busy - 1) > 1e-9 "
        "or score <> case predicted when 'quiet' then score_quiet when 'usual' then score_usual else score_busy end"
    ).fetchall()
    assert wrong == [(0,)]


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_what_cannot_be_estimated_before_labels_are_known_is_blind_and_says_why(con, problem: str) -> None:
    said = con.execute(
        "select distinct state, blind_because from monitoring.mon_quality_estimated "
        "where problem = ? and metric in ('mae', 'log_loss')",
        [problem],
    ).fetchall()
    assert [state for state, _ in said] == ["BLIND"] and "that is known with the label" in said[0][1]


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_a_holdout_is_compared_with_the_one_before_by_the_scores_of_the_version_before(con, problem: str) -> None:
    found = con.execute(
        "select previous, score_psi, rows_holdout, (select sum(rows) from ledger.profiles where model_version = previous "
        "and stage = 'holdout' and day = cast(trained_as_of as date)) as rows_compared "
        "from monitoring.mon_holdout where problem = ? order by trained_as_of, previous nulls first",
        [problem],
    ).fetchall()
    assert len(found) > 1 and found[0][:2] == (None, None)
    for previous, psi, rows, compared in found[1:]:
        assert previous and 0 <= psi < 2 and 0 < compared <= rows


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_report_and_card_are_written(home: Path, problem: str) -> None:
    run(home, "report", "--problem", problem)
    run(home, "card", "--problem", problem)
    report = (home / "published" / "reports" / f"{problem}.html").read_text()
    assert "Quality over time" in report and "nan" not in report.lower().replace("finance", "")


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("next_sales", ("mean absolute error of LightGBM", "| mean |", "their mean is", "ridge regression")),
        ("crowd", ("log loss of LightGBM", "| not quiet |", "are not quiet", "mean ROC AUC of the classes")),
    ],
)
def test_feasibility_measures_numbers_and_classes_by_their_own_metric_beside_the_rule(
    home: Path, problem: str, said: tuple[str, ...]
) -> None:
    run(home, "feasibility", "--quick", "--problem", problem, "--to", str(home / "designs"))
    page = (home / "designs" / f"{problem}.md").read_text()
    assert all(one in page for one in said), page
    assert "rule" in page and "nan" not in page.lower().replace("finance", "") and "None" not in page


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_a_backtest_of_numbers_or_classes_is_refused_in_a_sentence_that_says_what_measures_them(home: Path, problem: str) -> None:
    said = " ".join(run(home, "backtest", "--problem", problem, "--quick", fails=True).split())
    assert "a backtest replays verdicts on yes-or-no questions" in said and "flows feasibility" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_what_is_scored_again_is_judged_as_it_was_said_at_the_time(home: Path, problem: str) -> None:
    def read(sql: str) -> list:
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
            return con.execute(sql, [problem]).fetchall()

    latest = read("select model_version from ledger.model_versions where problem = ? order by trained_as_of desc limit 1")[0][0]
    judged = (
        "select grain, period, metric, value from monitoring.mon_quality_by_metric where problem = ? and scorer = 'champion' "
        "order by all"
    )
    before = read(judged)
    run(home, "promote", "--problem", problem, "--model", latest, "--reason", "to score again")
    run(home, "score", "--problem", problem, "--again", "2026-02-26", "2026-03-05", "--reason", "another champion")
    run(home, "monitor")
    assert read("select count(*) > 0 from ledger.replaced_predictions where problem = ? and answer is not null") == [(True,)]
    assert read(judged) == before


@pytest.fixture(scope="module")
def shadowed(home: Path) -> Path:
    """The same, with a version of each question in the shadow for some more days."""
    for problem in synthetic.OTHERS:
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
            version = con.execute(
                "select model_version from ledger.model_versions where problem = $problem and rounds > 0 and model_version <> "
                "(select max_by(model_version, rowid) from ledger.promotions where problem = $problem) "
                "order by trained_as_of desc limit 1",
                {"problem": problem},
            ).fetchall()[0][0]
        run(home, "shadow", "--problem", problem, "--model", version)
    run(home, "replay", "--until", "2026-03-14")
    return home


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_what_was_said_in_the_shadow_is_judged_live_by_the_gates_of_the_task(shadowed: Path, problem: str) -> None:
    def read(sql: str) -> list:
        with duckdb.connect(str(shadowed / "warehouse.duckdb"), read_only=True) as con:
            return con.execute(sql, [problem]).fetchall()

    # There by hand: others may be in the shadow because their verdict is open, or because they watch.
    version, scored = read(
        "select model_version, count(*) from ledger.shadow_predictions where problem = ? and model_version in "
        "(select model_version from ledger.shadows where purpose = 'by hand') group by all"
    )[0]
    assert scored > 100
    run(shadowed, "judge", "--live", "--problem", problem, "--model", version)
    verdict, basis, rows, reason = read(
        "select verdict_id, basis, rows_judged, reason from ledger.verdicts where problem = ? order by decided_at desc limit 1"
    )[0]
    assert basis == "live" and 0 < rows <= scored and reason
    gates = {name: (estimate, passed) for name, estimate, passed in read(
        f"select gate, estimate, passed from ledger.verdict_gates where ? is not null and verdict_id = '{verdict}'"
    )}  # fmt: skip
    wanted = {"next_sales": {"covers_80", "covers_95", "value"}, "crowd": {"calibrated"}}[problem]
    assert {"enough", "beats_rule", "not_worse", "parity", "latency"} | wanted <= set(gates)
    assert all(gates[name][0] is not None for name in ("beats_rule", "not_worse", *wanted))
    assert gates["parity"][1] is True
