"""Measure how often the gate errs, on the days of a lived warehouse, into docs/validation.md and docs/pictures/power.svg.

    ASOF_WAREHOUSE=data/warehouse.duckdb .venv/bin/python docs/pictures/validation.py [trials]

The two oldest models of the warehouse score every day that neither was trained on. Noise spoils one of them until the true
difference over all these days is the wanted one; then holdouts are drawn from the days and judged. About three minutes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from flows.pages.html import chart, page  # noqa: E402
from flows.runtime import settings, warehouse  # noqa: E402
from flows.store import clock, problems, registry  # noqa: E402
from ml.problem.split import days, instants  # noqa: E402
from ml.studies import simulate  # noqa: E402
from ml.studies.simulate import Population, Rates  # noqa: E402

PROBLEM = "flight_disruption"
DIFFERENCES = (-0.010, -0.0075, -0.005, -0.0025, 0.0, 0.0025, 0.005)
DAYS = (14, 28, 56, 84)
CHALLENGERS = 8
TEXT = PROJECT / "docs" / "validation.md"


def population() -> Population:
    """The days that neither of the two oldest models has seen, with the log-odds of both."""
    problem = problems.get(PROBLEM)
    names = warehouse.rows(
        "select model_version from ledger.model_versions where problem = ? order by trained_as_of limit 2", [PROBLEM]
    )
    models = [registry.model(PROBLEM, row["model_version"]) for row in names]
    table = problems.training_rows(problem, clock.now())
    unseen = np.logical_and.reduce([model.unseen(instants(table[problem.as_of])) for model in models])
    # The first and the last day are not whole.
    day = days(table[problem.as_of])
    unseen &= (day > day[unseen].min()) & (day < day[unseen].max())
    rows = table.filter(pa.array(unseen))
    scores = [np.log(p) - np.log1p(-p) for p in (model.predict(rows, settings.threads()) for model in models)]
    label = rows[problem.label].to_numpy().astype(float)
    return Population(np.unique(day[unseen], return_inverse=True)[1], label, *scores)


def power(real: Population, margin: float, alpha: float, trials: int) -> dict[tuple[float, int], Rates]:
    """The rates by true difference and number of days."""
    found = {}
    for difference in DIFFERENCES:
        shifted = simulate.differing(real, difference)
        for length in DAYS:
            found[difference, length] = simulate.rates(
                shifted, days=length, margin=margin, alpha=alpha, trials=trials, seed=length
            )
    return found


def runs(real: Population, margin: float, alpha: float, trials: int) -> list[list[object]]:
    """Errors of a challenger that is worse by the margin, where runs of neighbouring days are drawn whole.

    Of four challengers, since each one's noise meets the days differently.
    """
    rows = []
    spoilt = [simulate.differing(real, -margin, seed) for seed in range(4)]
    for block, what in ((1, "single days"), (3, "three days in a row"), (7, "weeks")):
        for length in (28, 56):
            each = [
                simulate.rates(one, days=length, margin=margin, alpha=alpha, trials=trials, block=block, seed=100 * seed + length)
                for seed, one in enumerate(spoilt)
            ]
            mean = Rates(*np.mean(each, axis=0))
            worst = max(one.gate for one in each)
            rows.append([what, length, _percent(mean.gate), _percent(worst), _percent(mean.bootstrap), _percent(mean.rows_alone)])
    return rows


def tables(found: dict, chain: dict, alone: list[list[object]], margin: float) -> dict[str, str]:
    """Markdown by the name of its place in the page."""
    errors = [
        [f"{difference:+.4f}", *(_percent(getattr(found[difference, 28], way)) for way in (
            "gate", "kept", "within_margin", "not_lower", "rows_alone"))]
        for difference in DIFFERENCES
    ]  # fmt: skip
    ways = ["gate: PROMOTE", "gate: KEEP", "estimate within the margin", "estimate not lower", "gate by rows"]
    return {
        "errors": page.table(["true difference", *ways], errors),
        "power": page.table(
            ["true difference", *(f"{length} days" for length in DAYS)],
            [
                [f"{difference:+.4f}", *(_percent(found[difference, length].gate) for length in DAYS)]
                for difference in DIFFERENCES
            ],
        ),
        "runs": page.table(["drawn", "days", "gate, mean of 4", "gate, highest", "plain bootstrap by day", "by rows"], alone),
        "chain": page.table(
            ["challengers on one holdout", "alpha is spent", "each has the whole alpha", "estimate within the margin"],
            [[k, *(_percent(chain[way][k - 1]) for way in ("spending", "whole", "point"))] for k in (1, 2, 4, CHALLENGERS)],
        ),
    }


def draw(found: dict, margin: float, alpha: float) -> str:
    """Power curves by number of days; beside them, on 28 days, the ways of deciding."""
    with chart.figure(9.2, 3.6, columns=2, sharey=True) as (fig, (left, right)):
        for length in DAYS:
            left.plot(DIFFERENCES, [found[difference, length].gate for difference in DIFFERENCES], marker="o", ms=3,
                      label=f"{length} days")  # fmt: skip
        for way, name, colour in (
            ("gate", "the gate", "champion"), ("within_margin", "estimate within the margin", "bad"),
            ("not_lower", "estimate not lower", "challenger"), ("rows_alone", "gate by rows", "rule"),
        ):  # fmt: skip
            shares = [getattr(found[difference, 28], way) for difference in DIFFERENCES]
            right.plot(DIFFERENCES, shares, marker="o", ms=3, label=name, color=chart.COLOURS[colour])
        for axes, title in ((left, "The gate, by days of holdout"), (right, "Ways of deciding, 28 days")):
            axes.axvline(-margin, color=chart.COLOURS["bad"], lw=1, ls="--")
            axes.axhline(alpha, color=chart.COLOURS["bad"], lw=1, ls=":")
            axes.set(title=title, xlabel="true difference in ROC AUC (dashed: the margin)", ylim=(0, 1))
            axes.legend(loc="upper left", fontsize=8)
        left.set_ylabel("challenger is let in (dotted: alpha)")
        numbers = "; ".join(
            f"true difference {difference:+.4f}: gate {_percent(found[difference, 28].gate)}, "
            f"estimate within the margin {_percent(found[difference, 28].within_margin)}"
            for difference in DIFFERENCES
        )
        return chart.svg(fig, "How often a challenger is let in", f"On 28 days. {numbers}")


def main(trials: int) -> None:
    """Measure, draw, and write between the marks of the page."""
    problem = problems.get(PROBLEM)
    margin, alpha, real = problem.margin, problem.alpha, population()
    found = power(real, margin, alpha, trials)
    challengers = [simulate.differing(real, -margin, seed) for seed in range(CHALLENGERS)]
    chain = simulate.promoted_in_a_chain(challengers, days=28, margin=margin, alpha=alpha, trials=trials)
    text = TEXT.read_text()
    for name, table in tables(found, chain, runs(real, margin, alpha, trials), margin).items():
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", lambda mark, table=table: f"{mark[1]}{table}\n{mark[2]}",
                      text, flags=re.S)  # fmt: skip
    TEXT.write_text(text)
    (PROJECT / "docs" / "pictures" / "power.svg").write_text(draw(found, margin, alpha) + "\n")
    print(f"{real.days} days, {len(real.day):,} rows, {trials} trials each")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
