"""The written half of a design document: why, for whom, at what price. Prose, so it changes no model and no hash.

Every key is optional. What is not declared stays None or empty, and `missing` names it: nobody invents it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple, TypeVar

from ml.keys import Keys

T = TypeVar("T")
LABELS = ("direct", "proxy")


class Stakeholder(NamedTuple):
    """Someone with an interest; `approves` names what needs their consent, "" where nothing does."""

    who: str
    interest: str
    approves: str


class Step(NamedTuple):
    """One small step of the plan: a phase, what it delivers, its time box in working days, and when it is done."""

    phase: str
    deliverable: str
    days: float
    done_when: str


class Misuse(NamedTuple):
    """Who could turn the predictions against someone, how, and what stands in the way."""

    who: str
    how: str
    guard: str


class Risk(NamedTuple):
    """What may go wrong, and the answer to it."""

    risk: str
    answer: str


@dataclass(frozen=True)
class Measures:
    """How success, or failure, is told: for the business, and for the model."""

    business: tuple[str, ...] = ()
    model: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """Whether the label is the thing itself ("direct") or stands for it ("proxy"), and why one may say so."""

    kind: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Prices:
    """What things cost, in `currency`: one unit of the declared `costs` of errors, an hour of a core, an hour of a person."""

    currency: str | None = None
    cost_unit: float | None = None
    cpu_hour: float | None = None
    human_hour: float | None = None


@dataclass(frozen=True)
class Upkeep:
    """Hours of people a month: what the rule needs, what a model needs, and what the team has."""

    rule_hours: float | None = None
    ml_hours: float | None = None
    capacity_hours: float | None = None


@dataclass(frozen=True)
class Needs:
    """Where it runs and what it must hold: platform in words, seconds until a batch is out, memory, batches and rows a month."""

    platform: str | None = None
    batch_seconds: float | None = None
    memory_mb: float | None = None
    batches_per_month: float | None = None
    rows_per_month: float | None = None


@dataclass(frozen=True)
class Framing:
    """All of it. `note` is printed above the rest, for what a reader has to know before believing it."""

    note: str | None = None
    business_goal: str | None = None
    ideal_outcome: str | None = None
    model_goal: str | None = None
    model_output: str | None = None
    success: Measures = Measures()
    failure: Measures = Measures()
    stakeholders: tuple[Stakeholder, ...] = ()
    plan: tuple[Step, ...] = ()
    regulation: str | None = None
    data_use: str | None = None
    misuse: tuple[Misuse, ...] = ()
    interpretability: str | None = None
    risks: tuple[Risk, ...] = ()
    assumptions: tuple[str, ...] = ()
    label: Label = Label()
    needs: Needs = Needs()
    prices: Prices = Prices()
    upkeep: Upkeep = Upkeep()

    @property
    def missing(self) -> list[str]:
        """The keys that are not declared, such as `prices.cpu_hour`, in the order of the declaration."""
        return [name for name in _missing(self, "") if name != "note"]


def read(keys: Keys) -> Framing:
    """The section `framing`. AsofError names the file and the key that is unknown, empty or of the wrong kind."""
    label = keys.inner("label", {})
    framing = Framing(
        **{name: _text(keys, name) for name in ("note", "business_goal", "ideal_outcome", "model_goal", "model_output")},
        success=_measures(keys.inner("success", {})),
        failure=_measures(keys.inner("failure", {})),
        stakeholders=_list(keys, "stakeholders", _stakeholder),
        plan=_list(keys, "plan", _step),
        **{name: _text(keys, name) for name in ("regulation", "data_use", "interpretability")},
        misuse=_list(keys, "misuse", lambda one: Misuse(one.text("who"), one.text("how"), one.text("guard"))),
        risks=_list(keys, "risks", lambda one: Risk(one.text("risk"), one.text("answer"))),
        assumptions=_texts(keys, "assumptions"),
        label=Label(label.choice("kind", LABELS) if "kind" in label.declared else None, _text(label, "reason")),
        needs=_needs(keys.inner("needs", {})),
        prices=_prices(keys.inner("prices", {})),
        upkeep=_upkeep(keys.inner("upkeep", {})),
    )
    label.finish()
    keys.finish()
    return framing


def _stakeholder(one: Keys) -> Stakeholder:
    return Stakeholder(one.text("who"), one.text("interest"), one.text("approves", ""))


def _step(one: Keys) -> Step:
    days = one.number("days", low=0, strict=True)
    return Step(one.text("phase"), one.text("deliverable"), days, one.text("done_when"))


def _measures(keys: Keys) -> Measures:
    return _finished(keys, Measures(_texts(keys, "business"), _texts(keys, "model")))


def _needs(keys: Keys) -> Needs:
    names = ("batch_seconds", "memory_mb", "batches_per_month", "rows_per_month")
    numbers = {name: keys.number(name, None, low=0, strict=True) for name in names}
    return _finished(keys, Needs(_text(keys, "platform"), **numbers))


def _prices(keys: Keys) -> Prices:
    unit = keys.number("cost_unit", None, low=0, strict=True)
    return _finished(
        keys, Prices(_text(keys, "currency"), unit, keys.number("cpu_hour", None, low=0), keys.number("human_hour", None, low=0))
    )


def _upkeep(keys: Keys) -> Upkeep:
    return _finished(keys, Upkeep(*(keys.number(name, None, low=0) for name in ("rule_hours", "ml_hours", "capacity_hours"))))


def _finished(keys: Keys, value: T) -> T:
    keys.finish()
    return value


def _text(keys: Keys, key: str) -> str | None:
    return keys.text(key) if keys.raw(key, None) is not None else None


def _texts(keys: Keys, key: str) -> tuple[str, ...]:
    values = _sequence(keys, key)
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise keys.error(key, f"must be a list of texts; {value!r} is none")
    return tuple(value.strip() for value in values)


def _list(keys: Keys, key: str, make: Callable[[Keys], T]) -> tuple[T, ...]:
    entries = [Keys(value, keys.path, f"{keys.place}.{key}[{at}]") for at, value in enumerate(_sequence(keys, key))]
    return tuple(_finished(one, make(one)) for one in entries)


def _sequence(keys: Keys, key: str) -> list[Any]:
    values = keys.raw(key, [])
    if not isinstance(values, list | tuple):
        raise keys.error(key, f"must be a list, not {values!r}")
    return list(values)


def _missing(value: Any, prefix: str) -> list[str]:
    found = []
    for field in fields(value):
        inner = getattr(value, field.name)
        if is_dataclass(inner):
            found += _missing(inner, f"{prefix}{field.name}.")
        elif inner is None or inner == ():
            found.append(prefix + field.name)
    return found
