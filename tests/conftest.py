"""One small lived warehouse for all tests of flows and faults: made once, copied by those who change it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import children
from tests.children import House

PROJECT = Path(__file__).resolve().parents[1]
# The least that trains: 28 days to judge on, 21 to stop on, a week to learn from. Three days are lived, and a month
# turns in them.
HISTORY, UNTIL = "2013-02-27", "2013-03-02"
PROBLEM = "flight_disruption"


@dataclass(frozen=True)
class Lived:
    """The houses of one session. Nobody changes them: copy one to do so."""

    started: House  # history landed, a first champion in office, no day lived
    day: House  # three days lived day by day
    hour: House  # the same three days lived hour by hour
    daily: House  # made anew from files of one day each, by the verbs one after the other


def verb(house: House, *arguments: str) -> subprocess.CompletedProcess:
    """Run `python -m flows` as people do."""
    return subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        cwd=PROJECT, env={**os.environ, **house.environment}, capture_output=True, text=True, timeout=children.SECONDS,
    )  # fmt: skip
