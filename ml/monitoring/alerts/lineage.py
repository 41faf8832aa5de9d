"""Where a deviation comes from: upstream through models, and through the columns of a problem's features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lineage:
    """Models and sources by name: `parents` of each, and for some models the parents of each column."""

    parents: Mapping[str, tuple[str, ...]]
    columns: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def above(self, node: str | None, column: str | None = None) -> set[str]:
        """Everything that a node, or one column of it, stands on; the node itself is not part of it."""
        found: set[str] = set()
        ahead = list(self.columns.get((node, column), self.parents.get(node, ())))
        while ahead:
            at = ahead.pop()
            if at not in found:
                found.add(at)
                ahead += self.parents.get(at, ())
        return found

    def origin(self, node: str, column: str | None = None) -> str:
        """The earliest node that a column leads back to without a choice: the last before the way parts, or a source."""
        at, ahead = node, self.columns.get((node, column), self.parents.get(node, ()))
        while len(ahead) == 1:
            at, ahead = ahead[0], self.parents.get(ahead[0], ())
        return at

    def earliest(self, nodes: Iterable[str]) -> list[str]:
        """Those of the nodes that stand on none of the others, by name."""
        among = set(nodes)
        return sorted(node for node in among if not self.above(node) & (among - {node}))
