"""A source that stops: labels say that nothing happened, and neither trainings nor live quality take that for truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests import synthetic
from tests.clone import flows

pytestmark = pytest.mark.slow

# A Monday, a week after the first training; visits end on Friday night and come again from Tuesday on.
HISTORY, SILENT, UNTIL = "2026-02-23", "2026-03-02", "2026-03-09"
LAST_HEARD, HEARD_AGAIN = "2026-02-27", "2026-03-03"


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of shops whose visits ended on a Friday, lived until the Monday after."""
    project = synthetic.plant(tmp_path_factory.mktemp("silent") / "project")
    for file in synthetic.write_visits(project / "data" / "landing").glob("*.csv"):
        if LAST_HEARD < file.stem < HEARD_AGAIN:
            file.unlink()
    flows(project, "replay", "--history", HISTORY, "--until", HISTORY)
    flows(project, "promote", "--reason", "to see it serve")
    flows(project, "replay", "--until", SILENT)
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
    assert con.execute("select max(trained_as_of) from ledger.model_versions").fetchone() == (datetime.fromisoformat(HISTORY),)
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
    flows(stopped, "replay", "--until", UNTIL)
    with duckdb.connect(str(stopped / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from monitoring.mon_silent_labels").fetchone() == (0,)
        assert con.execute("select max(trained_as_of) from ledger.model_versions").fetchone() == (datetime.fromisoformat(UNTIL),)
