"""Numbers and classes are added beside a yes-or-no question and live the whole life: verdicts, scores and pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests import forked, synthetic
from tests.clone import environment, flows
from tests.flows.conftest import UNTIL
from tests.verbs import in_turn

pytestmark = pytest.mark.slow

# Days after a Monday, on which a training is due, and the day up to which versions score in the shadow.
SERVED, SHADOWED = "2026-03-07", "2026-03-16"


@pytest.fixture(scope="module")
def home(lived_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shop to which two more questions were added, one after the other, and the days after."""
    project = shutil.copytree(lived_shop, tmp_path_factory.mktemp("tasks") / "project")
    numbers, classes = synthetic.OTHERS
    add(project, numbers)
    flows(project, "train", "--problem", numbers)
    add(project, classes)
    in_turn(project, ("replay", "--until", UNTIL), ("cycle", "--until", SERVED, "--step", "day"))
    return project


def add(project: Path, problem: str) -> None:
    """Add a question to the project; at midnight, before the labels of a day are in, its holdout has to be a day longer."""
    synthetic.add_other(project, problem)
    file = project / "models" / "problems" / problem / f"_{problem}.yml"
    before, days = file.read_text(), "holdout_days: 10"
    assert days in before
    file.write_text(before.replace(days, "holdout_days: 11"))


def read(project: Path, sql: str, *values: str) -> list[tuple]:
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql, values).fetchall()


@pytest.fixture
def con(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(home / "data" / "warehouse.duckdb"), read_only=True) as con:
        yield con


def quality(con: duckdb.DuckDBPyConnection, problem: str) -> dict[tuple[str, str], float]:
    found = con.execute(
        "select scorer, metric, value from monitoring.mon_quality_by_metric where problem = ? and grain = 'all'", [problem]
    )
    return {(scorer, metric): value for scorer, metric, value in found.fetchall()}


def test_what_is_added_is_trained_scored_and_replayed_without_a_failed_run_or_a_build_by_hand(con) -> None:
    trained = {name for (name,) in con.execute("select problem from ledger.model_versions").fetchall()}
    assert trained == {synthetic.PROBLEM, *synthetic.OTHERS}
    assert con.execute("select phase, message from ledger.runs where status = 'failed'").fetchall() == []


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


JUDGED = (
    "select problem, grain, period, metric, value from monitoring.mon_quality_by_metric where scorer = 'champion' "
    "and problem in ('next_sales', 'crowd') order by all"
)


@pytest.fixture(scope="module")
def rescored(home: Path) -> list[tuple]:
    """What the monitors said before all was scored again by the newest versions; then pages of both questions were written."""
    newest = "select max_by(model_version, trained_as_of) from ledger.model_versions where problem = ?"
    before, verbs = read(home, JUDGED), []
    each = [("--problem", problem) for problem in synthetic.OTHERS]
    for problem, one in zip(synthetic.OTHERS, each, strict=True):
        verbs += [
            ("promote", *one, "--model", read(home, newest, problem)[0][0], "--reason", "to score again"),
            ("score", *one, "--again", UNTIL, SERVED, "--reason", "another champion"),
        ]
    verbs += [("monitor",), *(("card", *one) for one in each)]  # monitor writes every report
    in_turn(home, *verbs, *(("feasibility", *one, "--quick", "--to", str(home / "designs")) for one in each))
    return before


def test_what_is_scored_again_is_judged_as_it_was_said_at_the_time(home: Path, rescored: list[tuple]) -> None:
    for problem in synthetic.OTHERS:
        replaced = "select count(*) > 0 from ledger.replaced_predictions where problem = ? and answer is not null"
        assert read(home, replaced, problem) == [(True,)]
    assert rescored and read(home, JUDGED) == rescored


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_report_and_card_are_written(home: Path, rescored: list[tuple], problem: str) -> None:
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
    home: Path, rescored: list[tuple], problem: str, said: tuple[str, ...]
) -> None:
    page = (home / "designs" / f"{problem}.md").read_text()
    assert all(one in page for one in said), page
    assert "rule" in page and "nan" not in page.lower().replace("finance", "") and "None" not in page


BACKTESTS = f"""
from flows.cli.main import cli
for problem in {synthetic.OTHERS}:
    try:
        cli(["backtest", "--problem", problem, "--quick"])
    except SystemExit as ended:
        print(problem, "exits with", ended.code)
"""


def test_a_backtest_of_numbers_or_classes_is_refused_in_a_sentence_that_says_what_measures_them(home: Path) -> None:
    done = forked.run(["-c", BACKTESTS], home, environment())
    assert done.stdout.splitlines() == [f"{problem} exits with 1" for problem in synthetic.OTHERS]
    said = " ".join(done.stderr.split())
    for sentence in ("a backtest replays verdicts on yes-or-no questions", "flows feasibility"):
        assert said.count(sentence) == len(synthetic.OTHERS)
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def shadowed(home: Path) -> dict[str, str]:
    """By question, its version that was in the shadow for some more days, and was judged by what it said there."""
    other = (
        "select max_by(model_version, trained_as_of) from ledger.model_versions where problem = $1 and rounds > 0 "
        "and model_version <> (select max_by(model_version, rowid) from ledger.promotions where problem = $1)"
    )
    versions = {problem: read(home, other, problem)[0][0] for problem in synthetic.OTHERS}
    each = [("--problem", problem, "--model", version) for problem, version in versions.items()]
    in_turn(
        home,
        *(("shadow", *one) for one in each),
        ("land", "--until", SHADOWED),
        ("build",),
        *(("score", "--problem", problem) for problem in versions),
        *(("judge", "--live", *one) for one in each),
    )
    return versions


@pytest.mark.parametrize("problem", synthetic.OTHERS)
def test_what_was_said_in_the_shadow_is_judged_live_by_the_gates_of_the_task(
    home: Path, shadowed: dict[str, str], problem: str
) -> None:
    of_version = "select count(*) from ledger.shadow_predictions where problem = ? and model_version = ?"
    scored = read(home, of_version, problem, shadowed[problem])[0][0]
    assert scored > 100
    verdict, basis, rows, reason = read(
        home,
        "select verdict_id, basis, rows_judged, reason from ledger.verdicts where problem = ? order by decided_at desc limit 1",
        problem,
    )[0]
    assert basis == "live" and 0 < rows <= scored and reason
    found = read(home, "select gate, estimate, passed from ledger.verdict_gates where verdict_id = ?", verdict)
    gates = {name: (estimate, passed) for name, estimate, passed in found}
    wanted = {"next_sales": {"covers_80", "covers_95", "value"}, "crowd": {"calibrated"}}[problem]
    assert {"enough", "beats_rule", "not_worse", "parity", "latency"} | wanted <= set(gates)
    assert all(gates[name][0] is not None for name in ("beats_rule", "not_worse", *wanted))
    assert gates["parity"][1] is True
