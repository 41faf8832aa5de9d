"""Where a clock stops: instants of a place, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ml.schedule.calendar import STEPS, in_utc, local, ticks, whole_steps

ZONES = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]).map(ZoneInfo)
STARTS = st.datetimes(datetime(2012, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(microsecond=0))


@given(STARTS, ZONES, st.sampled_from(STEPS), st.integers(0, 70))
def test_a_clock_only_goes_on_and_ends_where_it_was_told_to(start: datetime, zone: ZoneInfo, step: str, days: int) -> None:
    until = start + timedelta(days=min(days, 3) if step == "hour" else days)
    stops = [start, *ticks(start, until, step, zone)]
    assert stops == sorted(set(stops)) and stops[-1] == until


@given(STARTS, ZONES)
def test_a_week_ends_on_a_local_monday_at_midnight_also_where_clocks_change(start: datetime, zone: ZoneInfo) -> None:
    until = start + timedelta(days=70)
    stops = list(ticks(start, until, "week", zone))[:-1]
    turns = [local(at, zone) for at in stops]
    assert all(at.weekday() == 0 and at.hour == at.minute == 0 for at in turns)
    assert all(later - earlier == timedelta(days=7) for earlier, later in pairwise(turns))
    assert len(stops) in (9, 10) and stops[0] - start <= timedelta(days=7, hours=1)


@given(st.integers(0, 10**4), st.integers(0, 3599), st.sampled_from(["hour", "day", "week", "month"]))
def test_whole_steps_are_the_turns_that_a_steady_schedule_has_missed(turns: int, seconds: int, step: str) -> None:
    hours = {"hour": 1, "day": 24, "week": 24 * 7, "month": 24 * 31}[step]
    since = datetime(1000, 1, 1, 0, 5)
    now = since + timedelta(hours=hours * turns, seconds=seconds)
    assert whole_steps(step, since, now) == turns
    assert whole_steps(step, now + timedelta(seconds=1), since) == 0


def test_an_instant_with_an_offset_is_taken_to_utc_and_one_without_stays() -> None:
    assert in_utc(datetime.fromisoformat("2026-07-01T00:00-05:00")) == datetime(2026, 7, 1, 5)
    assert in_utc(datetime(2026, 7, 1)) == datetime(2026, 7, 1)
