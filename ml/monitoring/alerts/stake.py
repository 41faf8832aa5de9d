"""What the decisions that findings put in doubt may cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml.monitoring.alerts.finding import Finding, latest
from ml.monitoring.alerts.lineage import Lineage


@dataclass(frozen=True)
class Stake:
    """What a problem's decisions are worth: how many there are on a usual day, None before any, and what a wrong one costs.

    That is None where nobody can say.
    """

    rows: float | None
    cost: float | None
    owner: str = ""


def cost(members: Iterable[Finding], stakes: Mapping[str, Stake], lineage: Lineage) -> float | None:
    """An upper bound, in the unit of the declared costs of errors; None where nobody can say.

    Each finding counts with its own share and its own rows. Those of one kind add up, to every decision of the problem at the
    most; of the kinds the greatest counts, because they speak of the same decisions. A finding that is no problem's own, or
    has no rows, is about a day of each problem that stands on it.
    """
    doubt: dict[tuple[str, str], float] = defaultdict(float)
    most: dict[tuple[str, str], float] = defaultdict(float)
    for one in latest(members):
        for problem in concerned(one, stakes, lineage) if one.damage is not None else ():
            own = one.rows_at_stake if one.problem is not None else None
            rows = own if own is not None else stakes[problem].rows
            if rows is not None and stakes[problem].cost is not None:
                doubt[one.kind, problem] += one.damage * rows
                most[one.kind, problem] = max(most[one.kind, problem], rows)
    by_kind: dict[str, float] = defaultdict(float)
    for (kind, problem), rows in doubt.items():
        by_kind[kind] += min(rows, most[kind, problem]) * stakes[problem].cost
    return max(by_kind.values(), default=None)


def concerned(one: Finding, stakes: Mapping[str, Stake], lineage: Lineage) -> tuple[str, ...]:
    """The problems that a finding is about: its own; those that stand on its source; all, where it has no place."""
    if one.problem is not None:
        return (one.problem,) if one.problem in stakes else ()
    return tuple(name for name in stakes if one.node is None or one.node in lineage.above(f"{name}__predictions"))


def owner(one: Finding, stakes: Mapping[str, Stake], lineage: Lineage) -> str | None:
    """Who looks after it: the owners of the problems that it is about, of all where it is about none; None without any."""
    names = concerned(one, stakes, lineage) or tuple(stakes)
    return ", ".join(dict.fromkeys(stakes[name].owner for name in names)) or None
