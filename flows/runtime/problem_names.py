"""Which problems `vars: problems` of dbt_project.yml names, changed in its text: comments and the order of keys stay."""

from __future__ import annotations

import re
from collections.abc import Callable

NAMED = re.compile(r"^  problems: \[(.*?)\]", re.M)


def renamed(text: str, change: Callable[[list[str]], list[str]]) -> str:
    """The text of dbt_project.yml with the names that `change` makes of those that are there.

    It stays as it is where the problems are no list in one line.
    """

    def line(found: re.Match) -> str:
        names = [name.strip() for name in found[1].split(",") if name.strip()]
        return f"  problems: [{', '.join(change(names))}]"

    return NAMED.sub(line, text)
