"""What is due: a life that is cut off anywhere ends as the one that was not, by whatever steps and calls it came there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ml.schedule.calendar import STEPS, midnight, midnights
from ml.schedule.due import Done, Due, Ledger, Plan, Scheduled, due
from ml.schedule.retraining import slot

FIRST = datetime(2026, 1, 5)
# The end of a call shows people what there is: its rows are of that end, and of no tick's calendar.
PAST = {"retraining", "training", "monitoring", "features"}  # what flows/store/due.py reads of the ticks before the clock
SHOWN = {"reconciliation", "monitors", "tests", "monitoring", "reporting", "contracts", "publishing"}
ORDER = ["data", "features", "feedback", "retraining", "serving", "shadow", "retraining",
         "reconciliation", "monitors", "tests", "monitoring", "triggers", "reporting", "contracts", "publishing"]  # fmt: skip


@dataclass
class World:
    """A warehouse in which every phase leaves its run and nothing else; the second challenger of a problem is promoted."""

    problems: list[Scheduled]
    now: datetime | None = None
    done: set[Done] = field(default_factory=set)

    def ledger(self) -> Ledger:
        return Ledger(self.now, frozenset(one for one in self.done if one.as_of == self.now or one.phase in PAST))

    def lived(self) -> list[Scheduled]:
        return [replace_office(one, self.trained(one.name)) for one in self.problems]

    def trained(self, name: str) -> list[datetime]:
        return sorted(one.as_of for one in self.done if one.phase == "training" and one.problem == name)

    def tick(self, plan: Plan) -> list[Due]:
        found = due(self.ledger(), self.lived(), plan)
        first = next(found, None)
        return [first, *takewhile(lambda one: one.clock == first.clock, found)] if first else []

    def perform(self, one: Due) -> Iterator[None]:
        """Do one thing; it may be cut off at each `yield`."""
        yield
        if one.phase == "data":
            assert self.now is None or self.now <= one.clock, "the clock went back"
            self.now = one.clock
        assert self.now == one.clock, f"{one} is done while the clock stands at {self.now}"
        if one.phase == "retraining":
            cadence = next(each.cadence for each in self.problems if each.name == one.problem)
            trained = self.trained(one.problem)
            if not trained or slot(cadence, trained[-1]) != slot(cadence, one.as_of):
                self.done.add(Done("training", one.problem, one.as_of))
                yield
            if one.as_of in self.trained(one.problem):  # also where it was trained before the kill
                self.done.add(Done("validation", one.problem, one.as_of))
                yield
        self.done.add(Done(one.phase, one.problem, one.as_of))

    def live(self, plan: Plan, draw: random.Random | None = None) -> World:
        """Go on until nothing is due; with `draw` it is killed one time in six, and goes on by the same call."""
        for _ in range(100_000):
            todo = self.tick(plan)
            if not todo:
                return self
            for _ in (step for one in todo for step in self.perform(one)):
                if draw and draw.random() < 1 / 6:
                    break
        raise AssertionError("something is due for ever")


def replace_office(one: Scheduled, trained: list[datetime]) -> Scheduled:
    """With the second challenger as champion; the third goes into the shadow, where a problem has any."""
    return one._replace(
        champion_since=trained[1] if len(trained) > 1 else None,
        shadow_since=trained[2] if one.shadow_since and len(trained) > 2 else None,
    )


def plan(until: datetime, step: str = "day", history: datetime | None = None, zone: str = "UTC") -> Plan:
    return Plan(until, step, ZoneInfo(zone), FIRST, history)


def examples(number: int):
    """The same examples each time; what fails is not made smaller, which takes minutes."""
    return settings(max_examples=number, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])


ZONES = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
PROBLEMS = st.lists(
    st.builds(
        Scheduled, st.just("p"), st.sampled_from(["never", "monthly", "fortnightly", "weekly", "daily"]), st.booleans(),
        shadow_since=st.sampled_from([None, FIRST]),
    ),
    max_size=3,
).map(lambda found: [one._replace(name=f"p{i}") for i, one in enumerate(found)])  # fmt: skip
DAYS = st.integers(min_value=0, max_value=45)


@examples(25)
@given(PROBLEMS, ZONES, st.sampled_from(STEPS), DAYS, st.integers(0, 40), st.integers(0, 2**32))
def test_a_life_that_is_cut_off_ends_as_the_one_that_was_not(problems, zone, step, history, days, seed) -> None:
    days = min(days, 3) if step == "hour" else days
    start = midnight((FIRST + timedelta(days=history)).date(), ZoneInfo(zone))
    this = plan(start + timedelta(days=days, hours=seed % 3), step, start, zone)
    whole = World(problems).live(this)
    cut = World(problems).live(this, random.Random(seed))
    assert cut.now == whole.now == max(this.until, FIRST) or not whole.done
    assert cut.done == whole.done


@examples(25)
@given(PROBLEMS, ZONES, st.integers(0, 30), st.integers(0, 20), DAYS)
def test_to_stop_on_the_way_changes_nothing_but_what_people_are_shown_at_the_stop(problems, zone, first, second, history) -> None:
    start = midnight((FIRST + timedelta(days=history)).date(), ZoneInfo(zone))
    stop, until = (nth_midnight(start, days, zone) for days in (first, first + second))
    straight = World(problems).live(plan(until, "day", start, zone))
    stopped = World(problems).live(plan(stop, "day", start, zone)).live(plan(until, "day", start, zone))
    extra = stopped.done - straight.done
    assert straight.done <= stopped.done
    assert {one.phase for one in extra} <= SHOWN and {one.as_of for one in extra} <= {stop}


@examples(15)
@given(PROBLEMS, ZONES, st.sampled_from(["hour", "week", "month"]), st.integers(1, 9))
def test_by_whatever_steps_a_model_is_trained_as_of_the_same_instants(problems, zone, step, days) -> None:
    start = midnight(datetime(2026, 2, 24).date(), ZoneInfo(zone))
    until = nth_midnight(start, days, zone)
    daily, other = (World(problems).live(plan(until, by, start, zone)) for by in ("day", step))
    assert [other.trained(one.name) for one in problems] == [daily.trained(one.name) for one in problems]


@examples(15)
@given(PROBLEMS, ZONES, st.integers(1, 40), st.sampled_from(["hour", "day", "week"]))
def test_what_is_due_comes_in_its_order_and_none_of_it_is_done(problems, zone, days, step) -> None:
    start = midnight(datetime(2026, 2, 24).date(), ZoneInfo(zone))
    until = nth_midnight(start, min(days, 3) if step == "hour" else days, zone)
    world = World(problems)
    seen: list[Due] = []
    while todo := world.tick(plan(until, step, start, zone)):
        at = 0
        for one in todo:
            assert Done(one.phase, one.problem, one.as_of) not in world.done
            assert one.as_of <= one.clock <= until
            at = ORDER.index(one.phase, at)
            list(world.perform(one))
        seen += todo
    assert [one.clock for one in seen] == sorted(one.clock for one in seen)
    assert len({(one.phase, one.problem, one.as_of) for one in seen}) == len(seen)


def nth_midnight(start: datetime, days: int, zone: str) -> datetime:
    far = list(midnights(start, start + timedelta(days=days + 1), ZoneInfo(zone)))
    return far[days - 1] if days else start


WEEKLY = Scheduled("p", "weekly", has_triggers=True)
MONTHLY = Scheduled("p", "monthly", has_triggers=False)


def phases(found: list[Due]) -> list[str]:
    return [one.phase for one in found]


def test_an_empty_warehouse_begins_with_its_history() -> None:
    found = list(due(Ledger(None, frozenset()), [WEEKLY], plan(datetime(2026, 2, 3), history=datetime(2026, 2, 1))))
    assert found[:4] == [
        Due(datetime(2026, 2, 1), "data", None, datetime(2026, 2, 1)),
        Due(datetime(2026, 2, 1), "features", None, datetime(2026, 2, 1)),
        Due(datetime(2026, 2, 1), "feedback", None, datetime(2026, 2, 1)),
        Due(datetime(2026, 2, 1), "retraining", "p", datetime(2026, 2, 1)),
    ]
    assert [one.clock.day for one in found if one.phase == "data"] == [1, 2, 3]


def test_a_finished_life_has_nothing_due_and_neither_has_its_past() -> None:
    world = World([WEEKLY]).live(plan(datetime(2026, 2, 10), history=datetime(2026, 2, 1)))
    assert world.tick(plan(datetime(2026, 2, 10))) == []
    assert world.tick(plan(datetime(2026, 2, 5))) == []


@pytest.mark.parametrize("phase", ["data", "features", "feedback", "serving", "tests", "monitoring", "reporting", "publishing"])
def test_what_is_missing_at_the_clock_is_due_whatever_came_after_it(phase: str) -> None:
    until = datetime(2026, 3, 1)
    world = World([WEEKLY]).live(plan(until, history=datetime(2026, 2, 1)))
    missing = {one for one in world.done if one.phase == phase and one.as_of == until}
    assert missing
    world.done -= missing
    assert phases(world.tick(plan(until))) == [phase]


def test_a_machine_that_was_off_over_a_turn_trains_as_of_the_turn_before_it_scores() -> None:
    world = World([MONTHLY]).live(plan(datetime(2026, 3, 30), history=datetime(2026, 1, 20)))
    assert world.lived()[0].champion_since is not None
    world.done.add(Done("data", None, datetime(2026, 4, 3, 9)))  # everything of the days between landed at once
    world.now = datetime(2026, 4, 3, 9)
    found = world.tick(plan(world.now))
    looked, served = (phases(found).index(phase) for phase in ("retraining", "serving"))
    assert found[looked].as_of == datetime(2026, 4, 1) and looked < served
    assert phases(found)[:2] == ["features", "feedback"]


def test_months_that_were_missed_have_a_look_each() -> None:
    world = World([MONTHLY]).live(plan(datetime(2026, 3, 30), history=datetime(2026, 1, 20)))
    world.done.add(Done("data", None, datetime(2026, 6, 15)))
    world.now = datetime(2026, 6, 15)
    checks = [one.as_of for one in world.tick(plan(world.now)) if one.phase == "retraining"]
    assert checks == [datetime(2026, 4, 1), datetime(2026, 5, 1), datetime(2026, 6, 1)]


def test_a_week_that_turned_while_nobody_looked_is_looked_at_with_the_next_tick() -> None:
    world = World([WEEKLY]).live(plan(datetime(2026, 2, 13), history=datetime(2026, 2, 1)))
    world.done = {one for one in world.done if one.as_of < datetime(2026, 2, 13)}
    world.now = datetime(2026, 2, 18)  # a Wednesday: Monday was in between
    world.done.add(Done("data", None, world.now))
    found = world.tick(plan(datetime(2026, 2, 28)))
    assert {"monitors", "monitoring", "triggers"} <= set(phases(found))


def test_without_a_problem_data_go_on_alone() -> None:
    found = World([]).live(plan(datetime(2026, 2, 10), history=datetime(2026, 2, 1)))
    assert {one.phase for one in found.done} == {"data", "features", "feedback"}


def test_a_problem_that_comes_later_is_looked_at_with_the_next_tick_and_the_others_are_left_alone() -> None:
    world = World([MONTHLY]).live(plan(datetime(2026, 2, 10), history=datetime(2026, 2, 1)))
    world.problems.append(replace_name(WEEKLY, "late"))
    found = world.tick(plan(datetime(2026, 2, 11)))
    assert {one.problem for one in found} == {"late"} and "retraining" in phases(found)


def replace_name(one: Scheduled, name: str) -> Scheduled:
    return one._replace(name=name)
