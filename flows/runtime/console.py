"""What people see on the terminal: a line when it is done or has failed, progress while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from flows.runtime.logs import LOGGER, err
from flows.runtime.terminal import Terminal, one_line, plain, styled

out = Terminal()


def done(line: str) -> None:
    """One line that says what happened."""
    out.print(styled(("✓", "green"), " ", one_line(line)), soft_wrap=True)


def warn(line: str) -> None:
    """One line that says what people should know of, though nothing failed."""
    LOGGER.warning("%s", line)


def fail(line: str) -> None:
    """One line that says what is wrong and what to do."""
    LOGGER.error("%s", line)


@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner with seconds while a step works."""
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn(), console=err, transient=True
    ) as bar:
        bar.add_task(plain(what), total=None)
        yield


@contextmanager
def rounds() -> Iterator[Callable[[str, int, int], None]]:
    """A bar per stage of a training."""
    columns = (TextColumn("{task.description:12}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(stage: str, at: int, total: int) -> None:
            task = tasks.setdefault(stage, bar.add_task(stage, total=total) if stage not in tasks else tasks.get(stage))
            bar.update(task, completed=at, total=total)

        yield report


def number(value: float | None) -> str:
    """A short number, empty where there is none."""
    return "" if value is None else f"{value:.4g}"
