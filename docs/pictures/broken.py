"""Measure whom the gate lets in, of real challengers that were broken on purpose and of invented ones.

Writes the tables of docs/validation.md, and docs/pictures/gate.svg.

    ASOF_WAREHOUSE=data/warehouse.duckdb .venv/bin/python docs/pictures/broken.py [trials of a kind]

The warehouse must have lived a year, as `make replay` does. Broken challengers are trained as of the first of each month from
July on, with half the rounds and twice the step, and judged beside a sound champion of a week and of a month before. Twelve
trials of a kind take half an hour.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from checks import border  # noqa: E402
from flows.pages.html import chart, page  # noqa: E402
from flows.runtime import settings, warehouse  # noqa: E402
from flows.steps.validation.evidence import past  # noqa: E402
from flows.store import clock, problems  # noqa: E402
from flows.studies.backtest.measuring import quickened  # noqa: E402
from ml.problem.problem import Problem  # noqa: E402
from ml.problem.rows import Rows  # noqa: E402
from ml.statistics.student import quantile  # noqa: E402
from ml.studies import broken_challengers, simulate  # noqa: E402
from ml.studies.backtest.shared import SharedWork  # noqa: E402
from ml.studies.broken_challengers import Part  # noqa: E402
from ml.validation.prior import Prior  # noqa: E402

PROBLEM = "flight_disruption"
TEXT = PROJECT / "docs" / "validation.md"
# True differences: of the picture, and which of them stand in the table.
LINE = np.linspace(-0.03, 0.015, 46)
TOLD = [0, 10, 20, 25, 30, 35]
NAMES = ("this gate", "by scores alone", "without a past", "estimate within the margin", "no gate")
# Invented challengers of each difference and instant.
INVENTED = 20_000


def rows() -> Rows:
    """Every row that has a label by now."""
    problem = quickened(problems.get(PROBLEM))
    return border.read(problems.training_rows(problem, clock.now()), problem)


def parts(found: Rows) -> list[Part]:
    """What challengers have to beat on the first of each month from July on: champions of a week and of a month before."""
    threads, months = settings.threads(), [datetime(since().year, month, 1) for month in range(7, 13)]
    shared = SharedWork(found, [months[0], months[-1]], threads)
    return [
        broken_challengers.prepare(found, at, before, shared.past(at, (at - before) / timedelta(days=1)), threads)
        for at in months
        for before in (at - timedelta(days=7), (at - timedelta(days=1)).replace(day=1))
    ]


def since() -> datetime:
    """The first of July of the year that was lived."""
    return datetime(clock.now().year - (clock.now().month == 1), 7, 1)


def whom(found: Rows, beside: list[Part], trials: int) -> list[list[object]]:
    """A row a kind: how many were tried, how many each gate let in."""
    lines, total = [], np.zeros(1 + len(broken_challengers.GATES), dtype=int)
    for kind in (None, *broken_challengers.kinds(found.problem.slices)):
        count = np.zeros_like(total)
        for number in range(trials if kind else len(beside)):
            let_in = broken_challengers.trial(found, beside[number % len(beside)], kind, number, settings.threads())
            count += (1, *(let_in[gate] for gate in broken_challengers.GATES))
            print(kind.name if kind else "sound", number, let_in, flush=True)
        name = f"{kind.name}: {kind.size}{' *' if kind.gross else ''}" if kind else "sound"
        lines.append([name, *count])
        total += count if kind else 0
    return [*lines, ["**all that are broken**", *total]]


def verdicts(problem: Problem) -> Iterator[tuple[Prior, float, float]]:
    """Of each verdict of the year's second half: what was expected, and the standard error and freedom that its rows had."""
    for row in warehouse.rows(
        "select challenger, champion, decided_as_of, v.alpha, g.estimate, g.low, g.standard_error as se "
        "from ledger.verdicts as v join ledger.verdict_gates as g using (verdict_id) where v.problem = ? and gate = 'not_worse' "
        "and basis = 'holdout' and past = 'retrained' and decided_as_of >= ? order by decided_as_of",
        [PROBLEM, since()],
    ):
        known = past(problem, row["decided_as_of"], row["challenger"], row["champion"])
        reach, line = (row["estimate"] - row["low"]) / row["se"], np.arange(10, 300) / 10
        freedom = line[np.argmin([abs(quantile(1 - row["alpha"], one) - reach) for one in line])]
        yield known.expected(known.metric, problem.margin), row["se"], float(freedom)


def shares(problem: Problem) -> tuple[np.ndarray, float, list[float]]:
    """Let in, kept out and waiting by true difference, (3, differences), in the mean of the verdicts; of those let in that come
    as expected, the share that is worse by the margin; and the errors."""
    answers, wrong, of, errors = [], 0.0, 0.0, []
    for prior, se, freedom in verdicts(problem):
        drawn = np.vstack([np.repeat(LINE, INVENTED).reshape(-1, INVENTED), prior.draw(np.random.default_rng(1), INVENTED)])
        said, worse = simulate.answers(prior, drawn, margin=problem.margin, risk=problem.alpha, se=se, freedom=freedom)
        answers.append([one[:-1] for one in said])
        wrong, of = wrong + said.let_in[-1] * worse[-1], of + said.let_in[-1]
        errors.append(se)
    return np.mean(answers, axis=0), float(wrong / of), errors


def believed(answers: np.ndarray, wrong: float, errors: list[float]) -> str:
    """A row for each true difference, and a sentence below."""
    lines = [[f"{LINE[at]:+.3f}", *(f"{share:.1%}".replace("%", " %") for share in answers[:, at])] for at in TOLD]
    return page.table(["true difference", "PROMOTE", "KEEP", "INCONCLUSIVE"], lines) + (
        f"\n\nOf those let in that come as the past lets expect {wrong:.1%} are worse by more than the margin. "
        f"{len(errors)} verdicts, whose standard error is {np.median(errors):.4f} in the middle."
    )


def draw(answers: np.ndarray, margin: float, lines: list[list[object]]) -> str:
    """What follows from each true difference; and how many broken challengers each gate lets in, of the table's `lines`."""
    let_in, kept, waits = answers
    tried, *counts = lines[-1][1:]
    with chart.figure(9.2, 3.4, columns=2) as (fig, (left, right)):
        colours = [chart.COLOURS[name] for name in ("good", "pale", "bad")]
        left.stackplot(LINE, *(100 * one for one in (let_in, waits, kept)), lw=0, colors=colours, alpha=0.8)
        for at, words, colour in (
            (-0.016, "kept out", "white"),
            (-0.0055, "waits in\nthe shadow", chart.COLOURS["ink"]),
            (0.008, "let in", "white"),
        ):
            left.text(at, 55, words, color=colour, ha="center")
        left.axvline(-margin, color=chart.COLOURS["ink"], lw=1, ls="--")
        left.set(title="A weekly challenger that is so much better", xlabel="true difference in ROC AUC (dashed: the margin)",
                 ylabel="% of challengers", ylim=(0, 100), xlim=(LINE[0], LINE[-1]))  # fmt: skip
        left.set_xticks([-0.03, -0.02, -0.01, 0, 0.01])
        bars = right.barh(NAMES[::-1], [100 * count / tried for count in counts[::-1]], color=chart.COLOURS["bad"], alpha=0.8)
        right.bar_label(bars, [f" {count} of {tried}" for count in counts[::-1]], fontsize=8)
        right.set(title="Broken on purpose, and let in", xlabel="% of them", xlim=(0, 118))
        right.grid(axis="y", visible=False)
        said = "; ".join(f"{name}: {count} of {tried} broken let in" for name, count in zip(NAMES, counts, strict=True))
        return chart.svg(fig, "Who gets in", said)


def write(problem: Problem, lines: list[list[object]]) -> None:
    """The tables between the marks of the page, and the picture."""
    answers, wrong, errors = shares(problem)
    tables = {"believed": believed(answers, wrong, errors), "broken": page.table(["what is broken", "tried", *NAMES], lines)}
    text = TEXT.read_text()
    for name, table in tables.items():
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", lambda mark, table=table: f"{mark[1]}{table}\n{mark[2]}",
                      text, flags=re.S)  # fmt: skip
    TEXT.write_text(text)
    (PROJECT / "docs" / "pictures" / "gate.svg").write_text(draw(answers, problem.margin, lines) + "\n")


def main(trials: int) -> None:
    """Measure and write."""
    found = rows()
    write(problems.get(PROBLEM), whom(found, parts(found), trials))


if __name__ == "__main__":
    settings.load()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
