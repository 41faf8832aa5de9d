"""A replay that is killed a dozen times at random ends as the one that was not: `make chaos` in small."""

from __future__ import annotations

import random
from pathlib import Path

from tests.faults import chaos
from tests.faults.equal import differences
from tests.flights.conftest import Lived

SPAN = ("2013-03-02", "2013-03-05", "America/New_York")


def test_a_replay_killed_a_dozen_times_ends_as_the_one_that_was_not(lived: Lived, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(chaos.LIVES, "days", SPAN)
    house = lived.started.copy(tmp_path / "house")
    readers = chaos.reading(house)
    life = chaos.kill_and_resume(0, house, "days", 12, chaos.seconds_of(lived.day), random.Random(11))
    assert len(life.kills) >= 10, "it was over before it could be killed"
    assert life.different == []
    assert chaos.said_by(readers, house) == []
    assert chaos.unlike(lived.day, house, life) == []


def test_what_is_written_twice_or_not_at_all_is_a_difference(lived: Lived, copied) -> None:
    from tests.flights.faults import state

    assert differences(lived.day, copied) == []
    state.change(copied, "delete from ledger.verdicts", "insert into ledger.promotions from ledger.promotions limit 1")
    state.change(copied, "update ledger.profiles set rows = rows + 1 where rows = (select max(rows) from ledger.profiles)")
    told = " ".join(differences(lived.day, copied))
    assert all(name in told for name in ("ledger.verdicts", "ledger.promotions", "ledger.profiles differs in rows"))
