"""A step: a plain function that becomes a Prefect task when a Prefect flow run is under way."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from flows.runtime.database_errors import once_more

P = ParamSpec("P")
R = TypeVar("R")


def step(retries: int = 0, delay_seconds: float = 2.0, retry_on: type[Exception] = OSError) -> Callable:
    """Decorate a step; `retries` repeats it after errors of type `retry_on`, with Prefect and without.

    A step is repeated once, too, where one of its queries reaches the time limit.

    Without a Prefect flow run (command line, tests) the function is called as it is: no server is needed.
    """

    def decorate(step: Callable[P, R]) -> Callable[P, R]:
        function = once_more(step)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if inside_a_flow_run():
                return _task(function, retries, delay_seconds, retry_on)(*args, **kwargs)
            for attempt in range(retries + 1):
                try:
                    return function(*args, **kwargs)
                except retry_on:
                    if attempt == retries:
                        raise
                    time.sleep(delay_seconds)
            raise AssertionError("unreachable")

        return call

    return decorate


def inside_a_flow_run() -> bool:
    """Whether this runs under Prefect; asking does not import it."""
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext

    return FlowRunContext.get() is not None


@functools.cache
def _task(function: Callable[P, R], retries: int, delay_seconds: float, retry_on: type[Exception]) -> Callable[P, R]:
    from prefect import task
    from prefect.cache_policies import NO_CACHE

    return task(
        name=function.__name__.replace("_", " "),
        retries=retries,
        retry_delay_seconds=delay_seconds,
        retry_condition_fn=lambda _, __, state: isinstance(state.result(raise_on_failure=False), retry_on),
        cache_policy=NO_CACHE,
        persist_result=False,
    )(function)


def call(flow: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a Prefect flow: as a subflow inside a flow run, as its plain function without Prefect."""
    return flow(*args, **kwargs) if inside_a_flow_run() else flow.fn(*args, **kwargs)


def each(names: Iterable[str], work: Callable[[str], R]) -> dict[str, R]:
    """What `work` returns for each name. One that fails keeps no other from its turn; its error is raised at the end."""
    done: dict[str, R] = {}
    failed: list[Exception] = []
    for name in names:
        try:
            done[name] = work(name)
        except Exception as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return done
