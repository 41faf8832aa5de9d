"""The page that shows the way in is walked: its data are invented, its commands run, and what it shows is what they say."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from flows.runtime import example
from flows.studies.leak_proof import project
from tests import forked
from tests.architecture import sql_lint, yaml_lint
from tests.clone import environment
from tests.conftest import PROJECT

pytestmark = pytest.mark.slow

PAGE = PROJECT / "docs" / "how-to" / "add-a-problem.md"
FENCES = re.compile(r"^```(python)?\n(.*?)^```$", flags=re.M | re.S)
Walked = tuple[Path, list[tuple[str, str]]]
# Numbers, names of models and paths of a machine differ from run to run.
VARIES = [(r"\d[\d,.]*", "0"), (r"\b[a-z]+-[a-z]+-0\b", "name"), (r"\s+", " ")]


def run(where: Path, *arguments: str) -> str:
    """What `python ARGUMENTS` says, on both streams."""
    done = forked.run(arguments, where, {**environment(), "COLUMNS": "120", "NO_COLOR": "1"}, timeout=900)
    assert done.returncode == 0, f"{arguments}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def plain(text: str) -> str:
    for pattern, put in VARIES:
        text = re.sub(pattern, put, text)
    return text.strip()


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """A project without example, in which the page was walked; each command with what it said."""
    where = tmp_path_factory.mktemp("way_in") / "project"
    example.remove(example.read(), project.copy(where))
    said = []
    for kind, text in FENCES.findall(PAGE.read_text()):
        if kind:
            run(where, "-c", text)
        elif text.startswith("python -m flows "):
            words = [one.strip("'\"") for one in re.findall(r"'[^']*'|\"[^\"]*\"|\S+", text)]
            said.append((text, run(where, *words[1:])))
    return where, said


def test_what_the_page_shows_is_what_its_commands_say(walked: Walked) -> None:
    blocks = [text for _, text in FENCES.findall(PAGE.read_text())]
    for command, said in walked[1]:
        shown = blocks[blocks.index(command) + 1] if blocks.index(command) + 1 < len(blocks) else ""
        if shown and not shown.startswith("python -m flows "):
            for line in shown.splitlines():
                assert plain(line) in plain(said), f"{command} says\n{said}"


def test_a_model_was_judged_and_its_predictions_are_published_with_reasons(walked: Walked) -> None:
    where = walked[0]
    with duckdb.connect(str(where / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from ledger.verdicts").fetchall()[0][0] >= 1
    with duckdb.connect(str(where / "published" / "analytics.duckdb"), read_only=True) as con:
        rows, reasons, worded = con.execute(
            "select count(*), count(reasons), count(distinct score_in_words) from big_week_predictions where region is not null"
        ).fetchall()[0]
        assert rows >= 200 and reasons > 0 and worded >= 2
        words_of_flagged = (
            "select distinct flagged, score_in_words = 'likely enough to act' from big_week_predictions order by all"
        )
        assert con.execute(words_of_flagged).fetchall() == [(False, False), (True, True)], "words never contradict the flag"
        assert con.execute("select count(*) from big_week_by_day").fetchall()[0][0] >= 1
    assert (where / "published" / "reports" / "big_week.html").stat().st_size > 10_000


def test_while_no_model_has_won_the_rule_is_served(walked: Walked) -> None:
    with duckdb.connect(str(walked[0] / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select distinct decision from ledger.verdicts").fetchall() == [("INCONCLUSIVE",)]
        served = con.execute(
            "select count(*), bool_and(model_version like 'rule-of-big-week-%'), bool_and(score = rule_score), count(reasons) "
            "from problems.big_week__predictions where as_of < (select max(effective_at) from ledger.promotions)"
        ).fetchall()[0]
    assert served[0] >= 200 and served[1:] == (True, True, 0)


def test_what_was_written_is_tested_at_each_look_and_no_sql_or_yaml_has_a_finding(walked: Walked) -> None:
    """A test that fails ends the replay: here it is seen that those of the problem ran."""
    where = walked[0]
    with duckdb.connect(str(where / "data" / "warehouse.duckdb"), read_only=True) as con:
        looks = con.execute("select distinct status from ledger.runs where phase = 'tests'").fetchall()
    assert looks == [("succeeded",)]
    written = [one for one in (where / "target" / "compiled").rglob("*.sql") if "big_week" in one.name or "shop__" in one.name]
    models = [one for one in written if one.parent.suffix != ".yml"]
    assert len(models) > 10 and len(written) - len(models) > 5
    declared = [*(where / "models").rglob("*.yml"), *(where / "checks").rglob("*.yml")]
    assert [f"{one.name}: {said}" for one in declared for said in yaml_lint.lint(one.read_text())] == []
    assert [f"{one.name}: {said}" for one in models for said in sql_lint.lint(one.read_text())] == []


def test_every_file_that_was_written_is_short_and_names_its_row(walked: Walked) -> None:
    for path in [*(walked[0] / "models").rglob("big_week*.sql"), *(walked[0] / "models").rglob("stg_shop__*.sql")]:
        lines = path.read_text().splitlines()
        assert re.match(r"-- One row per \w.*[.]$", lines[0]) and len(lines) <= 120, path.name
