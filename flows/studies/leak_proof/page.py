"""The proof as a page for people who doubt: what was done, what was found, how to read it, what it cannot see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from string import Template

from checks.landing import LandingSource
from flows.pages.html import page
from flows.runtime import settings
from flows.studies.leak_proof import report
from flows.studies.leak_proof.proof import Proof
from flows.studies.leak_proof.running import differences

PROSE = Template(Path(__file__).with_suffix(".md").read_text())


def write(file: Path, proof: Proof, sources: Iterable[LandingSource], seconds: float) -> list[Path]:
    """Write the page of a proof to `file` and its HTML version beside it; returns what was written.

    `sources` tell which tables claim to have always been known, `seconds` is what the whole proof took.
    """
    return page.write(file, f"Does {proof.job.problem} know the future?", text(proof, sources, seconds))


def text(proof: Proof, sources: Iterable[LandingSource], seconds: float) -> str:
    """The page in Markdown."""
    dated = {name: by for result in proof.results for name, by in result.tables.items()}
    cuts = sum(result.check.startswith("removed") for result in proof.results)
    found = differences(proof.results)
    text = f"## What differs\n\n{_table(report.DIFFERENCES, report.differences_of(found))}\n\n" if found else ""
    return PROSE.substitute(
        problem=proof.job.problem, verdict=report.verdict(proof), date=f"{date.today():%d %B %Y}",
        span=f"{proof.job.begin:%d %B %Y} to {proof.job.end:%d %B %Y}", cuts=cuts,
        instants=_many(cuts, "random instant"), seed=proof.job.seed,
        seconds=_many(round(seconds / 60), "minute"), cores=_many(settings.threads(), "core"),
        checks=_table(report.CHECKS, report.checks_of(proof)), differences=text,
        tables=_table(["table", "its rows are knowable by"], [[f"`{name}`", by] for name, by in dated.items() if by]),
        undated=_names(name for name, by in dated.items() if not by),
        mutants=_table(report.MUTANTS, report.mutants_of(proof.fates)) if proof.fates else "They were not run.",
        static=_names(f"{one.source}.{one.table}" for one in sources if one.known_at is None),
    )  # fmt: skip


def _table(header: list[str], rows: Iterable[list[object]]) -> str:
    return page.table(header, list(rows))


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
