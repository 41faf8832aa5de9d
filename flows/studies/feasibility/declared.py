"""The written half of a design document, from the declaration. What is not declared is named, and nothing is made up."""

from __future__ import annotations

from flows.pages.html.page import table
from flows.studies.feasibility.words import OPEN
from ml.problem.declared.framing import Framing
from ml.problem.problem import Problem


def framing(problem: Problem) -> str:
    """Why, for whom, how success is told, what may go wrong."""
    said = problem.framing
    paragraphs = [
        "## Framing",
        said.note and f"> {_line(said.note)}",
        _told("Business goal", said.business_goal or problem.goal),
        _told("Ideal outcome", said.ideal_outcome),
        _told("What the model is for", said.model_goal),
        _told("What it puts out", said.model_output),
        "### Success and failure",
        table(
            ["", "for the business", "for the model"],
            [["**success**", _cell(said.success.business), _cell(said.success.model)],
             ["**failure**", _cell(said.failure.business), _cell(said.failure.model)]],
        ),
        "### People",
        _bullets(
            f"**{one.who}**: {one.interest}" + (f" Approves {one.approves}." if one.approves else "") for one in said.stakeholders
        ),
        "### Law, data, misuse",
        _told("Regulation", said.regulation),
        _told("Use of data", said.data_use),
        _bullets(f"Misuse by {one.who}: {one.how} In the way of it: {one.guard}" for one in said.misuse),
        _told("Interpretability", said.interpretability),
        "### Risks and assumptions",
        _bullets(f"**{one.risk}** {one.answer}" for one in said.risks),
        "Assumed:" if said.assumptions else None,
        _bullets(said.assumptions),
        _missing(said),
    ]  # fmt: skip
    return "\n\n".join(text for text in paragraphs if text)


def plan(problem: Problem) -> str:
    """The plan in time boxes and small steps."""
    steps = problem.framing.plan
    if not steps:
        return f"## Plan\n\n{OPEN}: `framing.plan`, a list of phase, deliverable, days and done_when."
    rows = [[f"**{one.phase}**", one.deliverable, f"{one.days:g} days", one.done_when] for one in steps]
    return (
        "## Plan\n\n"
        + table(["phase", "leaves", "time box", "done when"], rows)
        + f'\n\n{sum(one.days for one in steps):g} working days in all. A box that ends without its "done when" ends the phase '
        "all the same: what is there is judged, and the plan is written anew."
    )


def _missing(said: Framing) -> str:
    if not said.missing:
        return "Every field of the framing is declared."
    return "**Missing in the declaration:** " + ", ".join(f"`framing.{name}`" for name in said.missing) + "."


def _told(title: str, text: str | None) -> str:
    return f"**{title}.** {_line(text) if text else OPEN}"


def _bullets(lines) -> str:
    found = [f"- {_line(line)}" for line in lines]
    return "\n".join(found) if found else OPEN


def _cell(values: tuple[str, ...]) -> str:
    return " ".join(value if value.endswith(".") else f"{value}." for value in map(_line, values)) or OPEN


def _line(text: str) -> str:
    return " ".join(text.split())
