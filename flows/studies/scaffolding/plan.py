"""What a person says of a problem, and all that its files are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.studies.scaffolding import features
from flows.studies.scaffolding.days import Usual
from flows.studies.scaffolding.facts import Table
from flows.studies.scaffolding.features import Feature, Model
from flows.studies.scaffolding.pruning import Pruned

# Features are chosen on the first part of the past; what is lived and judged later has not been seen.
SHARE = 0.7
# The only feature whose name no table and no column decides.
WEEKDAY = "as_of_weekday"
METRICS = {"binary": "roc_auc", "regression": "rmse", "multiclass": "log_loss"}


@dataclass(frozen=True)
class Wanted:
    """What a person says of a problem."""

    name: str
    entity: str
    every: str
    horizon: str
    label: str
    models: tuple[str, ...]
    cohort: str | None = None
    active_within: str | None = None
    at_least: int = 1
    start: datetime | None = None
    task: str = "binary"
    otherwise: str | None = None
    event_at: str | None = None
    delay: str | None = None
    title: str | None = None
    owner: str = "nobody-yet"
    seconds: float = 30.0
    first_champion: str = "by_verdict"
    share: float = SHARE


class Plan:
    """All that the files are made of."""

    def __init__(self, wanted: Wanted, tables: list[Table], owners: list[Table], models: list[Model]) -> None:
        self.wanted, self.tables, self.lists, self.models = wanted, tables, owners, models
        # whose entities are asked about
        self.asked = next((one for one in (*tables, *owners) if one.model == wanted.cohort), tables[0])
        self.attributes = {one.short: features.attributes(one, wanted.entity) for one in owners}
        self.weekday = duration(wanted.every) % timedelta(days=7) != timedelta(0)
        self.start = self.until = datetime.min
        self.seconds, self.types = 0.0, {}
        self.otherwise = wanted.otherwise
        # By what it is judged; of numbers their labels decide that, and `why` says how.
        self.metric, self.why = METRICS[wanted.task], ""
        # Why no label is below 0; "" where one may be.
        self.never_negative = ""
        # Thousandths of the entities whose rows are tried, where all of them are more than features are tried on.
        self.sample: int | None = None
        self.tried = self.features
        # What a day of questions brings, once labels were looked at.
        self.usual: Usual | None = None

    @property
    def wait(self) -> timedelta:
        """How long a label takes: its horizon, and until nearly all that happened in it is known."""
        return duration(self.wanted.horizon) + timedelta(hours=self.tables[0].delay_hours)

    @property
    def event_at(self) -> str:
        """The column by which a fact of the label happened."""
        return self.wanted.event_at or ("event_at" if self.tables[0].has_event else "known_at")

    @property
    def features(self) -> list[Feature]:
        """All features, in their order."""
        found = [one for model in self.models for one in model.features]
        found += [one for some in self.attributes.values() for one in some.values()]
        return found + ([Feature(WEEKDAY, "Day of the week", "weekday", drift=False)] if self.weekday else [])

    def keep(self, pruned: Pruned) -> None:
        """Let go of every feature that did not stay, and of models without any."""
        names = set(pruned.kept)
        models = [one.kept(names) for one in self.models]
        self.models = [one for one in models if one.features]
        self.attributes = {
            short: {column: one for column, one in some.items() if one.name in names} for short, some in self.attributes.items()
        }
        self.weekday = self.weekday and WEEKDAY in names


def duration(text: str) -> timedelta:
    """`7 days` as a duration."""
    number, unit = text.split(" ")
    return timedelta(**{f"{unit.rstrip('s')}s": int(number)})
