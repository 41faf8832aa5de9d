"""An hour asks no more of dbt and the database than its budget says: growth needs a reason, and a new budget beside it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from benchmarks import hour
from tests import children
from tests.children import House


def test_an_hour_within_a_day_keeps_its_budget(copied: House, tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    done = children.run(copied, str(file), calling="benchmarks.hour:measure")
    assert done.code == 0, done.err
    counts = Counter(json.loads(file.read_text()))
    assert hour.beyond(counts) == [], counts
    loose = {name: allowed for name, allowed in json.loads(hour.BUDGET.read_text()).items() if counts[name] < 0.8 * allowed}
    assert loose == {}, f"a budget that is never reached holds nothing back: {counts}"


def test_what_the_budget_does_not_name_is_beyond_it() -> None:
    budget = json.loads(hour.BUDGET.read_text())
    assert hour.beyond(Counter(budget)) == []
    assert hour.beyond(Counter({**budget, "nodes": budget["nodes"] + 1})) == [
        f"nodes: {budget['nodes'] + 1}, allowed are {budget['nodes']}"
    ]
    assert hour.beyond(Counter({"dbt parse": 1})) == ["dbt parse: 1, allowed are 0"]
