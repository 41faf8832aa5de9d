"""The written half of a design document: why, for whom, at what price. Prose, so it changes no model and no hash.

Every key is optional. What is not declared stays None or empty, and `missing` names it: nobody invents it.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Literal

from ml.problem.declared.section import AtLeast0, Positive, Prose, Text, Texts, section


@section
class Stakeholder:
    """Someone with an interest; `approves` names what needs their consent, "" where nothing does."""

    who: Text
    interest: Text
    approves: Prose = ""


@section
class Step:
    """One small step of the plan: a phase, what it delivers, its time box in working days, and when it is done."""

    phase: Text
    deliverable: Text
    days: Positive
    done_when: Text


@section
class Misuse:
    """Who could turn the predictions against someone, how, and what stands in the way."""

    who: Text
    how: Text
    guard: Text


@section
class Risk:
    """What may go wrong, and the answer to it."""

    risk: Text
    answer: Text


@section
class Measures:
    """How success, or failure, is told: for the business, and for the model."""

    business: Texts = ()
    model: Texts = ()


@section
class Label:
    """Whether the label is the thing itself ("direct") or stands for it ("proxy"), and why one may say so."""

    kind: Literal["direct", "proxy"] | None = None
    reason: Text | None = None


@section
class Prices:
    """What things cost, in `currency`: one unit of the declared `costs` of errors, an hour of a core, an hour of a person."""

    currency: Text | None = None
    cost_unit: Positive | None = None
    cpu_hour: AtLeast0 | None = None
    human_hour: AtLeast0 | None = None


@section
class Upkeep:
    """Hours of people a month: what the rule needs, what a model needs, and what the team has."""

    rule_hours: AtLeast0 | None = None
    ml_hours: AtLeast0 | None = None
    capacity_hours: AtLeast0 | None = None


@section
class Needs:
    """Where it runs and what it must hold: platform in words, seconds until a batch is out, memory, batches and rows a month."""

    platform: Text | None = None
    batch_seconds: Positive | None = None
    memory_mb: Positive | None = None
    batches_per_month: Positive | None = None
    rows_per_month: Positive | None = None


@section
class Framing:
    """All of it. `note` is printed above the rest, for what a reader has to know before believing it."""

    note: Text | None = None
    business_goal: Text | None = None
    ideal_outcome: Text | None = None
    model_goal: Text | None = None
    model_output: Text | None = None
    success: Measures = Measures()
    failure: Measures = Measures()
    stakeholders: tuple[Stakeholder, ...] = ()
    plan: tuple[Step, ...] = ()
    regulation: Text | None = None
    data_use: Text | None = None
    misuse: tuple[Misuse, ...] = ()
    interpretability: Text | None = None
    risks: tuple[Risk, ...] = ()
    assumptions: Texts = ()
    label: Label = Label()
    needs: Needs = Needs()
    prices: Prices = Prices()
    upkeep: Upkeep = Upkeep()

    @property
    def missing(self) -> list[str]:
        """The keys that are not declared, such as `prices.cpu_hour`, in the order of the declaration."""
        return [name for name in _missing(self, "") if name != "note"]


def _missing(value: Any, prefix: str) -> list[str]:
    found = []
    for field in fields(value):
        inner = getattr(value, field.name)
        if is_dataclass(inner):
            found += _missing(inner, f"{prefix}{field.name}.")
        elif inner is None or inner == ():
            found.append(prefix + field.name)
    return found
