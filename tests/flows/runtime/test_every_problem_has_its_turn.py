"""What runs for every problem: one that fails keeps no other from its turn."""

from __future__ import annotations

import pytest

from flows.runtime.step import each
from ml.errors import AsofError


def test_the_answers_stand_by_name() -> None:
    assert each(["a", "bb"], len) == {"a": 1, "bb": 2}
    assert each([], len) == {}


def test_where_one_fails_the_others_have_their_turn_and_the_first_error_is_told_at_the_end() -> None:
    begun = []

    def work(name: str) -> None:
        begun.append(name)
        if name != "good":
            raise AsofError(f"{name} failed")

    with pytest.raises(AsofError, match="bad failed"):
        each(["bad", "good", "worse"], work)
    assert begun == ["bad", "good", "worse"]
