"""The door: `python -m benchmarks`. Measures suites, or writes the page from what was measured."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import click

from benchmarks.bench import Bench
from benchmarks.flights import SIZES
from benchmarks.suites import SUITES
from flows.cli.verb import clock, verb
from flows.cli.watching import simulated, simulation_options


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """What Asof's macros cost beside their peers: same rows, same run, equal answers.

    \b
    Everything, as `make bench` does:    python -m benchmarks run
    One suite, one size:                 python -m benchmarks run trailing --size 1M
    What monitoring costs, alone:        python -m benchmarks run drift estimation metrics
    Cut off half-way, go on with:        python -m benchmarks run drift estimation metrics --resume
    Seconds, to see that it works:       python -m benchmarks run --quick
    The page and charts from results:    python -m benchmarks report
    Faults that monitors notice:         python -m benchmarks detection

    Contestants take turns in fresh processes, two cores each. Scaled flights, peers' environments and answers lie in
    benchmarks/work/ (remove it to begin anew); figures go to benchmarks/results/, one file per suite, a case in the place
    of the same case before. A process that needs more than 8 GB or ten minutes is ended, and its row says so.
    """


@cli.command()
@click.argument("suites", nargs=-1, type=click.Choice(list(SUITES)))
@click.option("--size", "sizes", multiple=True, type=click.Choice(list(SIZES)), help="Flights; all of them by default.")
@click.option("--turns", type=click.IntRange(1), help="How often each contestant runs; by default what the size bears.")
@click.option("--resume", is_flag=True, help="Go on with a run that was cut off: what the last hours measured is kept.")
@click.option("--quick", is_flag=True, help="Two months of flights, one turn; results go to benchmarks/work/ only.")
def run(suites: tuple[str, ...], sizes: tuple[str, ...], turns: int | None, resume: bool, quick: bool) -> None:
    """Measure SUITES (all by default), and compare every answer."""
    started = time.monotonic()
    bench = Bench(["quick"] if quick else list(sizes or SIZES), turns=turns, resume=resume)
    if quick:
        bench.results = bench.work / "quick"
    for name in suites or SUITES:
        click.echo(f"{time.monotonic() - started:6.0f} s  {name}: {SUITES[name].QUESTION}")
        SUITES[name].run(bench)
    click.echo(f"{time.monotonic() - started:6.0f} s  figures in {bench.results}; next: python -m benchmarks report")


@cli.command()
@click.option("--results", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Where the figures are.")
@click.option("--docs", type=click.Path(path_type=Path, file_okay=False), help="Where the page goes; docs/ by default.")
def report(results: Path | None, docs: Path | None) -> None:
    """Write docs/benchmarks.md and its charts from benchmarks/results/."""
    from benchmarks.bench import RESULTS
    from benchmarks.report import write

    for file in write(results or RESULTS, docs or Path(__file__).resolve().parents[1] / "docs"):
        click.echo(f"wrote {file}")


@verb
@simulation_options
def detection(problem: str, dates: int, seed: int, turn: datetime | None, kinds: tuple[str, ...], page: Path | None) -> None:
    """Simulate faults on the warehouse as `python -m flows monitor --simulate` does, and ask Evidently, too.

    \b
      python -m benchmarks detection --page docs/simulation.md
    """
    from benchmarks.detection import evidently

    clock()
    simulated(problem, dates, seed, turn, kinds, page, evidently)


cli.add_command(detection)

if __name__ == "__main__":
    cli(prog_name="python -m benchmarks")
