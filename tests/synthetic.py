"""A small problem: shops by number, visited in 2026, one question at each midnight, answered a day later; and others of its kind.

`plant` makes a project of it, in which the example is not; `write_visits` writes what is replayed by `feed: archive`. A life
of it costs seconds.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flows.runtime import example
from flows.runtime.problem_names import renamed
from flows.studies.leak_proof import project

FILES = Path(__file__).parent / "synthetic_shop"
# Weekly trainings on Mondays; a month turns in the ten days that are lived.
FIRST, HISTORY, UNTIL = datetime(2026, 1, 5), "2026-02-24", "2026-03-06"
# Midnights there are not those of the questions, which are UTC.
ZONE = "Asia/Kolkata"
FED = "    config:\n      meta: {feed: archive}\n"


@dataclass(frozen=True)
class Kind:
    """A problem of this family: its names, when its visits are, what its keys are, how often it asks and how far it looks."""

    problem: str = "big_sale"
    source: str = "shop"
    first: datetime = FIRST
    days: int = 70
    shops: int = 40
    key: str = "bigint"
    every: str = "1 day"
    horizon: str = "1 day"
    cadence: str = "weekly"
    holdout_days: int = 10
    validation_days: int = 7
    slices: str = "[last_channel]"
    feed: str | None = "archive"

    def written(self, text: str) -> str:
        """A file of the folder beside this one, as this kind has it."""
        asked = self.first + timedelta(days=7)
        for before, after in {
            "big_sale": self.problem,
            "stg_shop__visits": f"stg_{self.source}__visits",
            "source('shop'": f"source('{self.source}'",
            "- name: shop\n": f"- name: {self.source}\n",
            "shop__visits": f"{self.source}__visits",
            "shop/visits": f"{self.source}/visits",
            "    config:\n      meta: {feed: archive}\n": f"    config:\n      meta: {{feed: {self.feed}}}\n"
            if self.feed
            else "",
            "{name: shop, data_type: bigint": f"{{name: shop, data_type: {self.key}",
            "every='1 day', start=\"timestamp '2026-01-12'\"": f"every='{self.every}', start=\"timestamp '{asked:%Y-%m-%d}'\"",
            "horizon='1 day'": f"horizon='{self.horizon}'",
            "cadence: weekly": f"cadence: {self.cadence}",
            "slices: [last_channel]": f"slices: {self.slices}",
            "holdout_days: 10": f"holdout_days: {self.holdout_days}",
            "validation_days: 7": f"validation_days: {self.validation_days}",
        }.items():
            text = text.replace(before, after)
        return text

    def shop(self, number: int) -> str:
        """The key of a shop, as it is written."""
        return f"shop {number}" if self.key == "varchar" else str(number)


SHOP = Kind()
PROBLEM = SHOP.problem
# The same shops asked two more questions, of the other tasks: how much, and which.
OTHERS = ("next_sales", "crowd")
# A number as key, no slices, no feed.
PLAIN = Kind("stall_sale", "stall", key="integer", slices="[]", feed=None)
# Asks once a week and looks two weeks ahead; a text as key, and a year more of visits.
WEEKLY = Kind(
    "market_sale", "market", datetime(2025, 1, 6), 434, 30, "varchar", "7 days", "14 days", "monthly", 84, 56
)  # fmt: skip
# Asks twice a day, about what another source tells.
HALF_DAYS = Kind("kiosk_sale", "kiosk", datetime(2026, 1, 12), 63, 25, "integer", "12 hours", "6 hours", "fortnightly")


def plant(folder: Path, *kinds: Kind) -> Path:
    """A copy of the project with these problems alone, the shop's by default; returns `folder`."""
    project.copy(folder)
    example.remove(example.read(), folder)
    for kind in kinds or (SHOP,):
        add(folder, kind)
    return folder


def add(folder: Path, kind: Kind = SHOP) -> Path:
    """Add a problem to a copy of the project, beside those that are there; returns `folder`."""
    homes = {FILES / "staging" / "shop": f"staging/{kind.source}", FILES / "problems" / "big_sale": f"problems/{kind.problem}"}
    for source, home in homes.items():
        (folder / "models" / home).mkdir(parents=True)
        for file in source.iterdir():
            name = file.name.replace("big_sale", kind.problem).replace("shop", kind.source)
            (folder / "models" / home / name).write_text(kind.written(file.read_text()))
    _name(folder, lambda names: [*names, kind.problem])
    return folder


def add_other(folder: Path, problem: str) -> Path:
    """Add one of `OTHERS` to a copy of the project that has the shop's own problem; returns `folder`."""
    shutil.copytree(FILES / "problems" / problem, folder / "models" / "problems" / problem)
    _name(folder, lambda names: [*names, problem])
    return folder


def take_away(folder: Path, kind: Kind) -> Path:
    """Remove a problem from a copy of the project; returns `folder`."""
    shutil.rmtree(folder / "models" / "staging" / kind.source)
    shutil.rmtree(folder / "models" / "problems" / kind.problem)
    _name(folder, lambda names: [name for name in names if name != kind.problem])
    return folder


def _name(folder: Path, change: Callable[[list[str]], list[str]]) -> None:
    settings = folder / "dbt_project.yml"
    settings.write_text(renamed(settings.read_text(), change))


def write_visits(landing: Path, kind: Kind = SHOP, seed: int = 7) -> Path:
    """Write the visits of all days into the landing folder, or the archive in it, a file a day; returns the folder of the files.

    How often a shop is visited is its own and stays: yesterday tells of tomorrow.
    """
    folder = landing / (kind.feed or "") / kind.source / "visits"
    folder.mkdir(parents=True, exist_ok=True)
    draw, number = random.Random(seed), 100_000
    rates = {shop: 0.3 + 5 * draw.random() ** 2 for shop in range(1001, 1001 + kind.shops)}
    for day in range(kind.days):
        lines = ["visit_id,shop,channel,items,spent,member,reported_at"]
        for shop, rate in rates.items():
            for _ in range(min(12, int(draw.expovariate(1 / rate) + 0.5))):
                number += 1
                at = kind.first + timedelta(days=day, seconds=draw.randrange(86_400))
                channel, member = draw.choice(["web", "street", "mail"]), draw.choice(["true", "false", ""])
                spent, items = round(draw.expovariate(1 / 40), 2), draw.randint(1, 9)
                lines.append(f"{number},{kind.shop(shop)},{channel},{items},{spent},{member},{at:%Y-%m-%dT%H:%M:%SZ}")
        (folder / f"{kind.first + timedelta(days=day):%Y-%m-%d}.csv").write_text("\n".join(lines) + "\n")
    return folder
