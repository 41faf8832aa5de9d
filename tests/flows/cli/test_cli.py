"""The one door: every verb explains itself, and says in one line what it cannot do."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from flows.cli.main import cli

# Verbs about no problem.
OF_THE_PROJECT = {"init", "new", "backup", "restore", "doctor", "export", "sizing"}


def test_every_verb_of_the_life_cycle_is_there() -> None:
    assert set(cli.commands) >= {
        "land", "build", "train", "judge", "promote", "rollback", "score", "monitor", "publish", "replay", "status",
    }  # fmt: skip


@pytest.mark.parametrize("verb", sorted(cli.commands))
def test_every_verb_explains_itself(verb: str) -> None:
    shown = CliRunner().invoke(cli, [verb, "--help"])
    assert shown.exit_code == 0
    assert ("--problem" in shown.output) == (verb not in OF_THE_PROJECT)
    assert cli.commands[verb].help.splitlines()[0] in " ".join(shown.output.split())


def test_a_day_that_is_none_is_refused_with_an_example() -> None:
    shown = CliRunner().invoke(cli, ["land", "--until", "tomorrow"])
    assert shown.exit_code == 2
    assert "2026-07-01" in shown.output
