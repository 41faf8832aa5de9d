"""The flow run under way, as people see it in Prefect: its name, its tags, and the runs whose work it does along with its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.runtime.step import inside_a_flow_run

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

# What made a run that nobody asked for by hand.
_BY_ITSELF = ("SCHEDULE", "AUTOMATION")


def named(problem: str | None = None, at: datetime | None = None) -> None:
    """Name the flow run by flow, problem and an instant in UTC, and tag it with the first two; nothing without Prefect."""
    if not inside_a_flow_run():
        return
    from prefect.context import FlowRunContext

    words = [FlowRunContext.get().flow.name, problem, f"{at:%Y-%m-%d %H:%M}" if at else None]
    with _asking("it keeps the name that it has") as (client, run):
        tags = sorted({*run.tags, *filter(None, words[:2])})
        client.update_flow_run(run.id, name=" ".join(filter(None, words)), tags=tags)


def take_over() -> datetime | None:
    """Let this run do the work of all of its kind that are due by now; returns since when the oldest of them is, in UTC.

    The others are marked as skipped: runs of the same deployment and parameters that have not begun, and that a schedule or a
    trigger made, as it made this one. None outside of Prefect, and where a person asked, which is done as often as it is asked.
    """
    if not inside_a_flow_run():
        return None
    from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter
    from prefect.states import Cancelled
    from prefect.types import _datetime

    since = None
    with _asking("runs that are due come one after the other") as (client, run):
        if not _by_itself(run):
            return None
        since = _utc(run)
        due = FlowRunFilter.model_validate(
            {"state": {"type": {"any_": ["SCHEDULED"]}}, "next_scheduled_start_time": {"before_": _datetime.now("UTC")}}
        )
        here = DeploymentFilter.model_validate({"id": {"any_": [run.deployment_id]}})
        for other in client.read_flow_runs(flow_run_filter=due, deployment_filter=here):
            if other.id != run.id and _by_itself(other) and other.parameters == run.parameters:
                client.set_flow_run_state(other.id, Cancelled(name="Skipped", message=f"Its work is done by the run {run.id}."))
                since = min(since, _utc(other))
    return since


def _utc(run: FlowRun) -> datetime:
    # Prefect's instants are of a type of their own, which does not divide by usual durations.
    return datetime.fromtimestamp(run.expected_start_time.timestamp(), UTC).replace(tzinfo=None)


def _by_itself(run: FlowRun) -> bool:
    return bool(run.deployment_id and run.created_by and run.created_by.type in _BY_ITSELF)


@contextmanager
def _asking(otherwise: str) -> Iterator[tuple[SyncPrefectClient, FlowRun]]:
    """A client of Prefect and the run. What Prefect does not do stops no work: the log of the run says what happens otherwise."""
    from prefect.client.orchestration import get_client
    from prefect.context import FlowRunContext
    from prefect.logging import get_run_logger

    try:
        with get_client(sync_client=True) as client:
            yield client, FlowRunContext.get().flow_run
    except Exception as error:
        get_run_logger().warning(f"{otherwise}, because Prefect did not do it: {error}")
