"""The life of alerts in a real ledger, told to a real channel: whatever happens, none is lost and nobody is told too often."""

from __future__ import annotations

import mmap
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.runtime import memory, warehouse
from flows.steps.monitoring.alerting import channels, evaluating, events, telling
from flows.store import ledger
from ml.errors import AsofError
from ml.monitoring.alerts.finding import rank, short_id
from ml.monitoring.alerts.lineage import Lineage
from tests.conftest import PROJECT
from tests.flows.steps.monitoring.channel import Channel

CLOCK, WALL = datetime(2013, 7, 1), datetime(2026, 1, 1)
MODELS = PROJECT / "models"
# Kinds with a day, a week and a month between two messages.
KINDS = {"failed_run": 24, "label_drift": 168, "gate_failed": 720}


@dataclass
class World:
    """A ledger without a problem: findings are written by the test, all else is the project's own."""

    channel: Channel
    clock: datetime = CLOCK
    wall: datetime = WALL

    def find(self, kind: str, subject: str = "x", severity: str = "warning") -> None:
        row = [kind, subject, f"{kind}/{subject}", self.clock, severity, kind]
        with warehouse.cursor() as con:
            con.execute(
                "insert into monitoring.mon_findings select null, ?, ?, ?, null, ?, 1.0, 0.5, ?, 0.1, 10, "
                "(select period_days from seeds.alert_kinds where kind = ?), 'it', true", row
            )  # fmt: skip

    def mend(self, kind: str) -> None:
        with warehouse.cursor() as con:
            con.execute("delete from monitoring.mon_findings where kind = ?", [kind])

    def evaluate(self) -> None:
        evaluating.evaluate(self.clock, self.wall)
        telling.tell(self.clock, self.wall)

    def wait(self, hours: float) -> None:
        self.clock += timedelta(hours=hours)
        self.wall += timedelta(hours=hours)

    def events(self) -> list[tuple]:
        return [tuple(row.values()) for row in warehouse.rows(
            "select number, alert_id, event, severity, written_at from ledger.alert_events order by number")]  # fmt: skip


def sql(path: str) -> str:
    """A model without macros, as dbt would write it."""
    tables = {"ledger_alert_events": "ledger.alert_events", "alert_kinds": "seeds.alert_kinds"}
    text = re.sub(r"\{\{ config\(.*?\) \}\}", "", (MODELS / path).read_text())
    return re.sub(r"\{\{ ref\('(\w+)'\) \}\}", lambda m: tables[m[1]], text)


@pytest.fixture(scope="module")
def channel() -> Iterator[Channel]:
    one = Channel()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, channel: Channel) -> Iterator[World]:
    patch = pytest.MonkeyPatch()
    patch.setenv("ASOF_WAREHOUSE", str(tmp_path_factory.mktemp("alerts") / "warehouse.duckdb"))
    patch.setenv("ASOF_NOTIFY", channel.address)
    patch.setattr(evaluating.lineage, "read", lambda _: Lineage({}))  # findings here have no place in a lineage
    patch.setattr(evaluating, "_stakes", dict)  # and no problem
    tables = {one["name"]: one["columns"] for one in yaml.safe_load((MODELS / "ledger/_ledger.yml").read_text())["models"]}
    columns = ", ".join(f'"{column["name"]}" {column["data_type"]}' for column in tables["ledger_alert_events"])
    with warehouse.cursor() as con:
        for schema in ("ledger", "seeds", "monitoring"):
            con.execute(f"create schema {schema}")
        con.execute(f"create table ledger.alert_events ({columns})")
        con.execute(f"create table seeds.alert_kinds as from read_csv('{PROJECT / 'seeds/alert_kinds.csv'}', header = true)")
        con.execute(
            "create table monitoring.mon_findings (problem varchar, kind varchar, subject varchar, alert_id varchar, "
            "node varchar, seen_at timestamp, value double, limit_value double, severity varchar, damage double, "
            "rows_at_stake bigint, period_days integer, measure varchar, is_standing boolean)"
        )
        for name in ("alerts", "mon_notices"):
            con.execute(f"create view monitoring.{name} as {sql(f'monitoring/alerts/{name}.sql')}")
    yield World(channel)
    warehouse.close()
    patch.undo()


@pytest.fixture
def fresh(world: World) -> World:
    return begin(world)


def begin(world: World) -> World:
    """Nothing has happened yet, and the channel is up."""
    with warehouse.cursor() as con:
        con.execute("delete from ledger.alert_events")
        con.execute("delete from monitoring.mon_findings")
    world.channel.start()
    world.channel.told.clear()
    world.clock, world.wall = CLOCK, WALL
    return world


def test_prefect_is_told_once_of_what_is_opened_and_of_nothing_that_only_people_are_told(
    fresh: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple] = []
    monkeypatch.setattr(evaluating.prefect_events, "emit", lambda *about, **facts: told.append((*about, facts["alert"])))
    for kind in ("label_drift", "quality_realised", "quota", "failed_run"):
        fresh.find(kind)
    for _ in range(2):
        fresh.evaluate()
        fresh.wait(24)
    fresh.mend("label_drift")
    fresh.evaluate()
    assert sorted(told) == [
        ("drift.detected", "alert", "label_drift", "label_drift/x"),
        ("quality.degraded", "alert", "quality_realised", "quality_realised/x"),
        ("quota.near", "alert", "quota", "quota/x"),
    ]


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("find"), st.sampled_from(sorted(KINDS)), st.sampled_from(["info", "warning", "critical"])),
        st.tuples(st.just("mend"), st.sampled_from(sorted(KINDS))),
        st.tuples(st.sampled_from(["ack", "close"]), st.sampled_from(sorted(KINDS))),
        st.tuples(st.just("wait"), st.sampled_from([1, 12, 24, 100, 200])),
        st.tuples(st.sampled_from(["up", "down"])),
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_no_order_of_events_loses_an_alert_or_tells_twice_within_the_interval(world: World, actions: list[tuple]) -> None:
    begin(world)
    told: list[tuple[str, str, datetime]] = []
    for action in [*actions, ("up",)]:
        do(world, *action)
        before = len(world.channel.told)
        world.evaluate()
        for one in world.channel.told[before:]:
            said = re.findall(r"Severity: (\w+),.*?alerts ack (\w{6})", one["message"], flags=re.S)
            told += [(alert, severity, world.wall) for severity, alert in said]
        every_finding_has_an_alert()
    nothing_waits(world)
    for kind, hours in KINDS.items():
        mine = [(severity, at) for alert, severity, at in told if alert == short_id(f"{kind}/x")]
        for (severity, at), (later, then) in pairwise(mine):
            assert then - at >= timedelta(hours=hours) or rank(later) > rank(severity), (kind, mine)


def do(world: World, what: str, *which) -> None:
    if what == "find":
        world.find(which[0], severity=which[1])
    elif what == "mend":
        world.mend(which[0])
    elif what in ("ack", "close"):
        known = {row["alert_id"]: row["state"] for row in events.standing()}
        if known.get(f"{which[0]}/x") in ("open",):
            events.by_hand(f"{which[0]}/x", {"ack": "acknowledged", "close": "closed"}[what], world.clock, "ada", "a reason")
    elif what == "wait":
        world.wait(which[0])
    else:
        world.channel.start() if what == "up" else world.channel.stop()


def every_finding_has_an_alert() -> None:
    lost = warehouse.rows(
        "select found.alert_id from monitoring.mon_findings as found left join monitoring.alerts as there using (alert_id) "
        "where there.state is null or (there.state = 'closed' and there.by_whom is null)"
    )
    assert lost == []


def nothing_waits(world: World) -> None:
    """With the channel up, every opening that somebody should hear of was told or lies within the interval of what was told."""
    assert telling.waiting() == 0
    heard = {"notified", "undelivered", "suppressed"}
    happened = world.events()
    for number, alert, event, severity, _ in happened:
        later = [(e, n) for n, a, e, _, _ in happened if a == alert and n > number]
        if event == "opened" and severity != "info":
            assert any(e in heard for e, _ in later), (alert, happened)
        if event == "undelivered":
            assert any(e == "notified" for e, _ in later), (alert, happened)


def test_an_evaluation_on_the_same_findings_adds_nothing(fresh: World) -> None:
    fresh.find("label_drift")
    fresh.evaluate()
    before = fresh.events()
    fresh.evaluate()
    assert fresh.events() == before
    assert [event for _, _, event, _, _ in before] == ["opened", "notified"]


def test_what_a_person_has_closed_stays_closed_for_as_long_as_it_is_no_worse(fresh: World) -> None:
    def stands(severity: str = "warning") -> str:
        fresh.mend("quota")
        fresh.find("quota", severity=severity)
        fresh.evaluate()
        return events.one("quota/x")["state"]

    assert stands() == "open"
    events.by_hand("quota/x", "closed", fresh.clock, "ada", "a second disk is ordered")
    for _ in range(3):
        fresh.wait(24)
        assert stands() == "closed"
    assert events.one("quota/x")["by_whom"] == "ada"
    assert stands("critical") == "open"
    events.by_hand("quota/x", "closed", fresh.clock, "ada", "it comes tomorrow")
    fresh.wait(24)
    assert stands("critical") == "closed"
    fresh.mend("quota")
    fresh.evaluate()
    fresh.wait(24)
    assert stands() == "open", "it had gone, and is back"


def test_what_flaps_is_told_once_an_interval_and_its_history_is_kept(fresh: World) -> None:
    for _ in range(5):
        fresh.find("failed_run")
        fresh.evaluate()
        fresh.mend("failed_run")
        fresh.evaluate()
        fresh.wait(5)
    assert len(fresh.channel.told) == 1, "25 hours have not passed yet"
    (row,) = events.standing(now=False)
    assert (row["state"], row["times_opened"]) == ("closed", 5)
    fresh.find("failed_run")
    fresh.evaluate()
    assert len(fresh.channel.told) == 2


def test_many_alerts_at_once_are_one_message(fresh: World) -> None:
    for subject in "abcdefgh":
        fresh.find("failed_run", subject)
    fresh.evaluate()
    assert [len(ids) for ids in fresh.channel.ids()] == [8]


def test_a_channel_that_is_declared_later_hears_of_what_is_open_and_of_nothing_that_is_over(
    fresh: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASOF_NOTIFY", "")
    fresh.find("failed_run")
    fresh.find("label_drift")
    fresh.evaluate()
    fresh.mend("failed_run")
    fresh.evaluate()
    monkeypatch.setenv("ASOF_NOTIFY", fresh.channel.address)
    fresh.evaluate()
    assert fresh.channel.ids() == [[short_id("label_drift/x")]]


def test_each_of_two_channels_is_told_once(fresh: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Channel()
    monkeypatch.setenv("ASOF_NOTIFY", f"{fresh.channel.address}, {other.address},{other.address}")
    fresh.find("label_drift")
    fresh.evaluate()
    fresh.evaluate()
    other.stop()
    assert len(fresh.channel.told) == len(other.told) == 1


def test_an_address_is_never_stored_printed_or_told_in_an_error(
    fresh: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture
) -> None:
    fresh.channel.stop()
    fresh.find("label_drift")
    fresh.evaluate()
    for address in ("nonsense://a-secret", "a-secret", "slack://a-secret"):
        monkeypatch.setenv("ASOF_NOTIFY", address)
        with pytest.raises(AsofError, match="address 1") as refused:
            channels.channels()
        assert "a-secret" not in str(refused.value)
    written = str(warehouse.rows("from ledger.alert_events")) + "".join(capfd.readouterr()) + caplog.text
    assert "undelivered" in written and "a-secret" not in written
    assert "a-secret" not in repr(channels.Channel("json-1", "json://a-secret"))


@pytest.mark.parametrize("which", ["f691d3x", "zzz"])
def test_an_id_that_is_none_is_refused_with_what_to_do(fresh: World, which: str) -> None:
    with pytest.raises(AsofError, match="alerts --all"):
        events.by_hand(which, "acknowledged", CLOCK, "ada", None)


def test_an_alert_is_known_by_the_beginning_of_its_id_and_by_its_name(fresh: World) -> None:
    fresh.find("label_drift")
    fresh.evaluate()
    name = "label_drift/x"
    events.by_hand(short_id(name)[:3].upper(), "acknowledged", CLOCK, "ada", "on it")
    with pytest.raises(AsofError, match="acknowledged by ada already: on it"):
        events.by_hand(name, "acknowledged", CLOCK, "eve", None)
    events.by_hand(name, "closed", CLOCK, "eve", "mended")
    with pytest.raises(AsofError, match="closed by eve already: mended"):
        events.by_hand(name, "closed", CLOCK, "ada", "again")
    assert [row["state"] for row in events.standing(now=False)] == ["closed"]


def test_an_id_that_fits_several_asks_for_more_of_it(fresh: World) -> None:
    subjects = [f"s{i}" for i in range(20)]  # twenty ids begin with fewer than twenty letters
    for subject in subjects:
        fresh.find("failed_run", subject)
    fresh.evaluate()
    first = [short_id(f"failed_run/{subject}")[0] for subject in subjects]
    twice = next(letter for letter in first if first.count(letter) > 1)
    with pytest.raises(AsofError, match="give more of the id"):
        events.one(twice)


def mapped(mb: int) -> mmap.mmap:
    """Memory that is in use: mapped, because a process that has freed memory before would take a block from there."""
    block = mmap.mmap(-1, mb * 2**20)
    for at in range(0, len(block), 4096):
        block[at] = 1
    return block


@pytest.mark.parametrize("kernel", [True, False], ids=["the kernel's mark", "looking now and then"])
def test_a_run_knows_what_it_took_and_what_it_was_allowed(
    monkeypatch: pytest.MonkeyPatch, fresh: World, tmp_path: Path, kernel: bool
) -> None:
    written: list[dict] = []
    monkeypatch.setattr(ledger, "_write", lambda record, committed: written.append(record))
    if not kernel:
        monkeypatch.setattr(memory, "_CLEAR", tmp_path / "is" / "forbidden")
    with mapped(300), ledger.run("training", CLOCK) as run:
        run.limit_seconds = 60.0
        with mapped(600):
            time.sleep(0 if kernel else 0.2)  # the kernel misses no moment
    (row,) = written
    took = row["peak_memory_mb"] - row["memory_before_mb"]
    # What tests before this one have freed may be given back meanwhile.
    assert 450 < took < 850, "and not what the process held before"
    assert row["memory_before_mb"] > 300
    with ledger.run("serving", CLOCK):
        pass
    assert row["peak_memory_mb"] - written[1]["peak_memory_mb"] > 350, "the peak is that of the run, not of the process"
    assert 0 < row["cpu_seconds"] < 60 and row["limit_seconds"] == 60.0 and row["limit_memory_mb"] is None
    assert row["warehouse_bytes"] >= Path(warehouse.file()).stat().st_size > 0
