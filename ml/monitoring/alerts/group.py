"""Findings become alerts: those with the same likely cause are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml.monitoring.alerts.finding import Finding, latest, rank, weigh
from ml.monitoring.alerts.lineage import Lineage

# How many findings an alert names: beyond, a list is not read.
NAMED = 6


@dataclass(frozen=True)
class Group:
    """What one alert is made of: the finding that names it, all of its findings, and the likely cause in a sentence."""

    alert_id: str
    root: Finding
    members: tuple[Finding, ...]
    cause: str

    @property
    def severity(self) -> str:
        return max((one.severity for one in self.members), key=rank)

    @property
    def first_seen(self) -> datetime:
        return min(one.seen_at for one in self.members)

    @property
    def last_seen(self) -> datetime:
        return max(one.seen_at for one in self.members)

    @property
    def worst(self) -> Finding:
        """The finding that measures the alert: of the latest of its own kind the one that does the greatest damage."""
        own = [one for one in self.members if one.kind == self.root.kind and one.alert_id == self.root.alert_id]
        last = max(one.seen_at for one in own)
        return max((one for one in own if one.seen_at == last), key=weigh)

    @property
    def damage(self) -> float | None:
        """Share of the decisions in doubt: the greatest of its kinds; the features of one kind add up, to 1 at the most."""
        sums: dict[tuple, float] = defaultdict(float)
        for one in latest(self.members):
            if one.damage is not None:
                sums[one.kind, one.problem] += one.damage
        return min(1.0, max(sums.values())) if sums else None

    @property
    def findings(self) -> str:
        """What it holds, worst first: `feature_drift temperature, gust and 3 more; prediction_drift score`."""
        by_kind: dict[str, list[str]] = {}
        by_weight = sorted(latest(self.members), key=lambda one: (*(-part for part in weigh(one)), one.kind, one.subject))
        for one in by_weight:
            names = by_kind.setdefault(one.kind, [])
            names += [] if one.subject in names else [one.subject]
        return "; ".join(
            f"{kind} {', '.join(names[:NAMED])}{f' and {len(names) - NAMED} more' if len(names) > NAMED else ''}"
            for kind, names in by_kind.items()
        )


def group(findings: Iterable[Finding], lineage: Lineage, open_ids: frozenset[str] = frozenset()) -> list[Group]:
    """The alerts that standing findings make, the worst first; `open_ids` are alerts that are open and keep their name.

    A finding belongs to the earliest deviating node that it stands on, itself included. Findings without a place in the lineage
    are grouped by the alert they name.
    """
    all_of = list(findings)
    since: dict[str, datetime] = {}
    problems: dict[str, set[str | None]] = defaultdict(set)
    for one in all_of:
        if one.node is not None:
            since[one.node] = min(since.get(one.node, one.seen_at), one.seen_at)
            problems[one.node].add(one.problem)
    roots: dict[tuple, list[Finding]] = defaultdict(list)
    for one in all_of:
        node = _root(one, lineage, since)
        shared = node is not None and one.problem not in problems[node]
        roots[node, one.alert_id if node is None else None if shared else one.problem].append(one)
    made = [_group(node, members, lineage, open_ids) for (node, _), members in roots.items()]
    return sorted(made, key=lambda g: (-rank(g.severity), -(g.damage or 0), g.alert_id))


def _root(one: Finding, lineage: Lineage, since: Mapping[str, datetime]) -> str | None:
    """The earliest deviating node that a finding stands on: the one that deviated first, where there are several."""
    if one.node is None:
        return None
    above = lineage.above(one.node, one.subject) & set(since)
    # A week is named by its Monday, and what belongs to a day lands when it is over: the next morning is still that day's.
    last = one.seen_at.date() + timedelta(days=one.period_days or 1)
    above = {node for node in above if since[node].date() <= last}
    return min(lineage.earliest(above), key=lambda node: (since[node], node)) if above else one.node


def _group(node: str | None, members: list[Finding], lineage: Lineage, open_ids: frozenset[str]) -> Group:
    own = [one for one in members if one.node == node] or members
    name = max(own, key=lambda one: (one.alert_id in open_ids, rank(one.severity), weigh(one), one.alert_id))
    return Group(name.alert_id, name, tuple(members), _cause(node, name, own, members, lineage))


def _cause(node: str | None, name: Finding, own: list[Finding], members: list[Finding], lineage: Lineage) -> str:
    """The sentence that names the likely cause."""
    if node is None:
        return f"{name.subject} itself: it has no place in the lineage"
    if node not in lineage.parents or not lineage.above(node):
        return f"{node}: nothing before it in the lineage deviates" if len(members) == len(own) else f"{node}, the source"
    weights: dict[str, float] = defaultdict(float)
    for one in latest(own):
        weights[lineage.origin(node, one.subject)] += one.damage or 1e-9
    origin, weight = max(weights.items(), key=lambda item: (item[1], item[0]))
    if origin == node:
        return f"{node}: nothing before it in the lineage deviates"
    share = weight / sum(weights.values())
    part = "all of it" if share > 0.995 else f"{share:.0%} of it"
    return f"{origin}: {part} is computed from there, and nothing before {node} deviates by itself"
