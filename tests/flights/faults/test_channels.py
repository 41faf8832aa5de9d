"""A notification channel is down: the run completes, the alert waits, and people are told later, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import children
from tests.children import House
from tests.flights.faults import state
from tests.flows.steps.monitoring.channel import Channel

MONITOR = ("monitor", "--no-tests")


@pytest.fixture
def channel() -> Iterator[Channel]:
    one = Channel()
    yield one
    one.stop()


@pytest.fixture
def failed(copied: House) -> House:
    """The publication of last night has failed."""
    state.change(
        copied,
        "insert into ledger.runs by name select * replace ('failed' as status, 'of-a-test' as run_id, "
        "'no room' as message, started_at + interval 1 hour as started_at) "
        "from ledger.runs where phase = 'publishing' order by started_at desc limit 1",
    )
    return copied


def happened(house: House) -> list[str]:
    sql = "select event from ledger.alert_events where alert_id = 'failed_run/publishing' order by number"
    return [event for (event,) in state.ask(house, sql)]


def monitor(house: House, channel: Channel) -> children.Ended:
    return children.run(house, *MONITOR, ASOF_NOTIFY=channel.address, COLUMNS="200")


def test_a_channel_that_is_down_ends_no_run_and_hears_of_it_later_once(failed: House, channel: Channel) -> None:
    channel.stop()
    for _ in range(2):
        ended = monitor(failed, channel)
        assert ended.code == 0, ended.err
        assert "a-secret" not in ended.out + ended.err
    assert happened(failed) == ["opened", "undelivered"]
    messages = state.ask(failed, "select message from ledger.runs where phase = 'monitoring' order by started_at desc limit 1")
    assert "waiting for json-" in messages[0][0]

    channel.start()
    for _ in range(2):
        assert monitor(failed, channel).code == 0
    assert happened(failed) == ["opened", "undelivered", "notified"]
    assert len(channel.told) == 1
    assert "A run failed: publishing" in channel.told[0]["message"]
    assert "docs/alerts/failed_run.md" in channel.told[0]["message"]


def test_what_passes_while_the_channel_is_down_is_told_as_passed(failed: House, channel: Channel) -> None:
    channel.stop()
    assert monitor(failed, channel).code == 0
    state.change(failed, "delete from ledger.runs where run_id = 'of-a-test'")
    assert monitor(failed, channel).code == 0
    channel.start()
    assert monitor(failed, channel).code == 0
    assert happened(failed) == ["opened", "undelivered", "closed", "notified"]
    assert "It has passed meanwhile" in channel.told[0]["message"]


def test_a_kill_after_a_message_tells_it_again_and_never_loses_it(failed: House, channel: Channel) -> None:
    child = children.start(failed, *MONITOR, ASOF_NOTIFY=channel.address, COLUMNS="200")
    channel.instead = child.process.kill
    assert child.wait().killed
    channel.instead = None
    assert (happened(failed), len(channel.told)) == (["opened"], 1)
    assert monitor(failed, channel).code == 0
    assert (happened(failed), len(channel.told)) == (["opened", "notified"], 2)


def test_a_run_that_fails_publishes_nothing_and_is_told_at_once(copied: House, channel: Channel) -> None:
    assert children.run(copied, "land", "--until", "2013-03-06").code == 0
    state.change(copied, "drop view staging.stg_flights__weather")
    before = state.published(copied), state.predictions(copied)
    line = state.refusal(children.run(copied, "build", ASOF_NOTIFY=channel.address))
    assert "ftr_weather__hourly" in line
    assert (state.published(copied), state.predictions(copied)) == before
    assert state.ask(copied, "select subject from monitoring.alerts where kind = 'failed_run'") == [("features",)]
    assert len(channel.told) == 1
    assert "A run failed: features" in channel.told[0]["message"]
    shown = children.run(copied, "alerts", COLUMNS="160")
    assert shown.code == 0 and "failed_run: features" in shown.out, shown.err
    which = channel.ids()[0][0]
    taken = children.run(copied, "alerts", "ack", which, "--by", "ada", "--note", "on it")
    assert taken.code == 0 and "acknowledged by ada" in taken.out, taken.err
    assert "acknowledged by ada already" in state.refusal(children.run(copied, "alerts", "ack", which))
    assert "ada" in children.run(copied, "alerts", COLUMNS="160").out
    closed = children.run(copied, "alerts", "close", which, "--reason", "the view is back")
    assert closed.code == 0, closed.err
    assert which not in children.run(copied, "alerts").out
    assert which in children.run(copied, "alerts", "--all").out
    assert "the view is back" in state.refusal(children.run(copied, "alerts", "close", which, "--reason", "again"))
    assert "Likely cause" in children.run(copied, "alerts", "show", which).out
