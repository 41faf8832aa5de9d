"""The design document on disk: measured blocks are replaced, what people wrote stays."""

from __future__ import annotations

from pathlib import Path

from flows.pages.html import shared
from flows.pages.html.shared import Block, Part, Prose
from flows.runtime.settings import PROJECT
from flows.runtime.step import step
from flows.studies.feasibility import declared, drawing, writing
from flows.studies.feasibility.measuring import Measured

FOLDER = PROJECT / "docs" / "designs"
BLOCKS = ("summary", "why", "framing", "plan", "facts", "appendix")
DECISION = (
    "## Decision\n\nNobody has decided yet. Write here who decided what, when, and why: "
    "text outside of the measured blocks stays."
)
NOTES = "## Notes\n\nRoom for what no number says."


def parts(measured: Measured) -> list[Part]:
    """The page in its order, with what a new one starts with between the blocks."""
    return [
        Prose(f"# {measured.problem.title}"),
        Block("summary", writing.summary(measured)),
        Prose(DECISION),
        Block("why", writing.why(measured)),
        Block("framing", declared.framing(measured.problem)),
        Block("plan", declared.plan(measured.problem)),
        Block("facts", writing.facts(measured)),
        Prose(NOTES),
        Block("appendix", writing.appendix(measured)),
    ]


def check(problem: str, folder: Path = FOLDER) -> None:
    """AsofError when the page that is there could not be written anew; better known before minutes of measuring."""
    shared.check(folder / f"{problem}.md", BLOCKS)


@step()
def write(measured: Measured, folder: Path = FOLDER) -> Path:
    """Write the page of a problem, its HTML version and its figures into `folder`; returns the page. AsofError as in `merge`."""
    problem = measured.problem
    return shared.write(folder / f"{problem.name}.md", problem.title, parts(measured), drawing.figures(measured))
