"""Measure whom the gate lets in, of real challengers that were broken on purpose and of invented ones.

Writes the tables of docs/validation.md, and docs/pictures/gate.svg.

    ASOF_WAREHOUSE=data/warehouse.duckdb .venv/bin/python docs/pictures/broken.py [trials of a kind]

The warehouse must hold a year of labelled rows. Challengers are trained as of the first of each month from July on, with half
the rounds and twice the step, and judged against a sound champion of a month before. Fifteen trials of a kind take half an hour.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from checks import border  # noqa: E402
from flows.pages.html import chart, page  # noqa: E402
from flows.runtime import settings  # noqa: E402
from flows.store import clock, problems  # noqa: E402
from flows.studies.backtest.measuring import quickened  # noqa: E402
from ml.problem.rows import Rows  # noqa: E402
from ml.studies import broken_challengers, simulate  # noqa: E402
from ml.studies.backtest.shared import SharedWork  # noqa: E402
from ml.validation.prior import Past  # noqa: E402

PROBLEM = "flight_disruption"
TEXT = PROJECT / "docs" / "validation.md"
DIFFERENCES = (-0.03, -0.02, -0.01, -0.005, 0.0, 0.005)
NAMES = ("this gate", "rows alone", "estimate within the margin", "no gate")
# Of a month's difference to the champion, as the verdicts of the second half of the year have it.
SE, FREEDOM = 0.004, 10.0


def rows() -> Rows:
    """Every row that has a label by now."""
    problem = quickened(problems.get(PROBLEM))
    return border.read(problems.training_rows(problem, clock.now()), problem)


def whom(found: Rows, months: list[datetime], past: dict[datetime, Past], trials: int) -> list[list[object]]:
    """A row a kind: how many were tried, how many each gate let in."""
    before = {at: (at - timedelta(days=1)).replace(day=1) for at in months}
    parts = [broken_challengers.prepare(found, at, before[at], past[at], settings.threads()) for at in months]
    lines, total = [], np.zeros(1 + len(broken_challengers.GATES), dtype=int)
    for kind in (None, *broken_challengers.kinds(found.problem.slices)):
        count = np.zeros_like(total)
        for number in range(trials if kind else len(parts)):
            let_in = broken_challengers.trial(found, parts[number % len(parts)], kind, number, settings.threads())
            count += (1, *(let_in[gate] for gate in broken_challengers.GATES))
            print(kind.name if kind else "sound", number, let_in, flush=True)
        name = f"{kind.name}: {kind.size}{' *' if kind.gross else ''}" if kind else "sound"
        lines.append([name, *count])
        total += count if kind else 0
    return [*lines, ["**all that are broken**", *total]]


def believed(past: Past, margin: float, risk: float) -> tuple[list[list[object]], float]:
    """A row for each true difference; and of those let in that come as expected, the share that is worse by the margin."""
    prior = past.expected(past.metric, margin)
    common = {"margin": margin, "risk": risk, "se": SE, "freedom": FREEDOM}
    found, _ = simulate.answers(prior, np.repeat(DIFFERENCES, 20_000).reshape(-1, 20_000), **common)
    lines = [
        [f"{difference:+.3f}", *(f"{share:.1%}".replace("%", " %") for share in shares)]
        for difference, *shares in zip(DIFFERENCES, *found, strict=True)
    ]
    truth = prior.draw(np.random.default_rng(1), 20_000)
    return lines, simulate.answers(prior, truth, **common)[1]


def draw(past: Past, margin: float, risk: float, lines: list[list[object]]) -> str:
    """What follows from each true difference; and how many broken challengers each gate lets in, of the table's `lines`."""
    prior = past.expected(past.metric, margin)
    common = {"margin": margin, "risk": risk, "se": SE, "freedom": FREEDOM}
    line = np.linspace(-0.025, 0.015, 41)
    shares, _ = simulate.answers(prior, np.repeat(line, 20_000).reshape(-1, 20_000), **common)
    tried, *counts = lines[-1][1:]
    with chart.figure(9.2, 3.4, columns=2) as (fig, (left, right)):
        parts = [100 * one for one in (shares.let_in, shares.waits, shares.kept)]
        left.stackplot(line, *parts, lw=0, colors=[chart.COLOURS[name] for name in ("good", "pale", "bad")], alpha=0.8)
        for at, words, colour in (
            (-0.016, "kept out", "white"),
            (-0.0055, "waits in\nthe shadow", chart.COLOURS["ink"]),
            (0.008, "let in", "white"),
        ):
            left.text(at, 55, words, color=colour, ha="center")
        left.axvline(-margin, color=chart.COLOURS["ink"], lw=1, ls="--")
        left.set(title="A challenger that is so much better", xlabel="true difference in ROC AUC (dashed: the margin)",
                 ylabel="% of challengers", ylim=(0, 100), xlim=(line[0], line[-1]))  # fmt: skip
        left.set_xticks([-0.02, -0.01, 0, 0.01])
        bars = right.barh(NAMES[::-1], [100 * count / tried for count in counts[::-1]], color=chart.COLOURS["bad"], alpha=0.8)
        right.bar_label(bars, [f" {count} of {tried}" for count in counts[::-1]], fontsize=8)
        right.set(title="Broken on purpose, and let in", xlabel="% of them", xlim=(0, 118))
        right.grid(axis="y", visible=False)
        said = "; ".join(f"{name}: {count} of {tried} broken let in" for name, count in zip(NAMES, counts, strict=True))
        return chart.svg(fig, "Who gets in", said)


def main(trials: int) -> None:
    """Measure, and write between the marks of the page."""
    found = rows()
    problem = found.problem
    months = [datetime(clock.now().year - (clock.now().month == 1), month, 1) for month in range(7, 13)]
    shared = SharedWork(found, [months[0], months[-1]], settings.threads())
    past = {at: shared.past(at, 30.0) for at in months}
    lines, wrong = believed(past[months[0]], problem.margin, problem.alpha)
    kinds = whom(found, months, past, trials)
    tables = {
        "believed": page.table(["true difference", "PROMOTE", "KEEP", "INCONCLUSIVE"], lines)
        + f"\n\nOf those let in that come as the past lets expect {wrong:.1%} are worse by more than the margin.",
        "broken": page.table(["what is broken", "tried", *NAMES], kinds),
    }
    text = TEXT.read_text()
    for name, table in tables.items():
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", lambda mark, table=table: f"{mark[1]}{table}\n{mark[2]}",
                      text, flags=re.S)  # fmt: skip
    TEXT.write_text(text)
    picture = draw(past[months[0]], problem.margin, problem.alpha, kinds)
    (PROJECT / "docs" / "pictures" / "gate.svg").write_text(picture + "\n")


if __name__ == "__main__":
    settings.load()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
