"""A source that stops: labels say that nothing happened, and neither trainings nor live quality take that for truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.clone import flows
from tests.flows.conftest import HISTORY
from tests.verbs import in_turn

pytestmark = pytest.mark.slow

# First trained on a Tuesday; trainings are due on Mondays. Visits end on Friday night and come again from Tuesday on.
TRAINED, SILENT, UNTIL = HISTORY, "2026-03-02", "2026-03-09"
LAST_HEARD, HEARD_AGAIN = "2026-02-27", "2026-03-03"


@pytest.fixture(scope="module")
def stopped(lived_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shop whose visits end on a Friday, landed each day and looked at on the Monday after."""
    project = shutil.copytree(lived_shop, tmp_path_factory.mktemp("silent") / "project")
    for file in (project / "data" / "landing" / "archive" / "shop" / "visits").glob("*.csv"):
        if LAST_HEARD < file.stem < HEARD_AGAIN:
            file.unlink()
    landed = (("land", "--until", day) for day in (LAST_HEARD, "2026-02-28", "2026-03-01"))
    in_turn(project, ("promote", "--reason", "to see it serve"), *landed, ("cycle", "--until", SILENT, "--step", "day"))
    return project


@pytest.fixture
def con(stopped: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(stopped / "data" / "warehouse.duckdb"), read_only=True) as opened:
        yield opened


def test_nothing_is_trained_from_labels_of_a_silent_source_and_the_look_says_why(con: duckdb.DuckDBPyConnection) -> None:
    looks = con.execute("select as_of, message from ledger.runs where phase = 'retraining' order by as_of").fetchall()
    assert looks[-1][0] == datetime.fromisoformat(SILENT)
    assert looks[-1][1].startswith(
        "held, labels wait for their source: shop.visits has brought nothing newer than 2026-02-27 23:"
    )
    assert con.execute("select max(trained_as_of) from ledger.model_versions").fetchone() == (datetime.fromisoformat(TRAINED),)
    assert con.execute("select distinct held_by from monitoring.mon_retraining where fires").fetchall() == [
        ("silence of shop.visits",)
    ]


def test_labels_that_are_made_of_nothing_stand_in_the_table_and_not_in_live_quality(con: duckdb.DuckDBPyConnection) -> None:
    of_the_label = "select count(label), max(label_known_at) from {} where as_of >= timestamp '2026-02-28'"
    assert con.execute(of_the_label.format("problems.big_sale__outcomes")).fetchone()[0] > 0
    assert con.execute(of_the_label.format("monitoring.mon_scored")).fetchone() == (0, None)
    assert con.execute("select count(label) from monitoring.mon_scored").fetchone()[0] > 0


def test_until_the_silence_is_noticed_labels_of_nothing_count_unless_their_delay_is_as_long(
    con: duckdb.DuckDBPyConnection,
) -> None:
    ((heard, usual),) = con.execute("select known_through, hours_usual from monitoring.mon_silent_sources").fetchall()
    noticed, over = heard + timedelta(hours=1.5 * usual), "as_of + interval '1 day'"
    counted = f"select count(*) from problems.big_sale__labels where {over} > ? and {over} + ? < ?"
    assert con.execute(counted, [heard, timedelta(hours=1), noticed]).fetchone()[0] > 0
    assert con.execute(counted, [heard, timedelta(hours=1.5 * usual), noticed]).fetchone() == (0,)


def test_status_says_what_holds_the_training(stopped: Path) -> None:
    said = flows(stopped, "status")
    assert (
        "training is held, labels wait for their source: shop.visits has brought nothing newer than 2026-02-27 23:53 UTC" in said
    )
    assert "see docs/alerts/volume.md" in said and len(said.splitlines()) <= 10


def test_once_the_source_has_spoken_training_goes_on(stopped: Path) -> None:
    flows(stopped, "cycle", "--until", UNTIL, "--step", "day")
    with duckdb.connect(str(stopped / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from monitoring.mon_silent_labels").fetchone() == (0,)
        assert con.execute("select max(trained_as_of) from ledger.model_versions").fetchone() == (datetime.fromisoformat(UNTIL),)
