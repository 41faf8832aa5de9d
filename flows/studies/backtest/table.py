"""A backtest on the terminal: the best policies and the one in use, where the choice is made and after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from flows.pages.html.words import signed
from flows.studies.backtest.measuring import Backtest
from ml.studies.backtest.outcome import Outcome

# More than a screen holds beside the one in use.
SHOWN = 12


def tables(found: Backtest) -> Iterator[Table]:
    """Two tables, the best first; the policy in use is among them whatever its place."""
    place = next(at for at, one in enumerate(found.choice) if one is found.chosen)
    for title, rows in (
        (f"where the choice is made, {found.first:%d %b} to {found.until:%d %b %Y}", found.choice),
        (f"after it, {found.until:%d %b} to {found.now:%d %b %Y}", found.reported),
    ):
        yield _table(found, title, rows, rows[place])


def _table(found: Backtest, title: str, rows: Sequence[Outcome], chosen: Outcome) -> Table:
    metric, unit = found.problem.metric, found.problem.framing.prices.currency
    shown = Table(title=title, title_justify="left", box=None, header_style="dim", pad_edge=False)
    for name in ("", "trained", "gate", "trainings", "let in", metric, "against in use", f"{unit or 'saved'} a month", "CPU s"):
        shown.add_column(name, justify="left" if name in ("", "trained", "gate") else "right")
    ranked = sorted(rows, key=lambda one: (-one.net(found.problem), one.trainings))
    for one in [*ranked[:SHOWN], *(late for late in ranked[SHOWN:] if late is rows[0] or late is chosen)]:
        money = one.money(found.problem, one.saved_more)
        shown.add_row(
            " ".join(word for word, yes in (("in use", one is rows[0]), ("chosen", one is chosen)) if yes),
            one.policy.when,
            one.policy.asked,
            f"{one.trainings}",
            f"{one.promoted}",
            f"{one.quality[metric].estimate:.4f}",
            "" if one is rows[0] else signed(one.gained),
            f"{one.saved_more.estimate:+.4f}" if money is None else f"{money.estimate:+,.0f}",
            f"{one.cpu_seconds:.0f}",
        )
    return shown
