"""The simulation as a page with a chart."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from string import Template

from flows.pages.html import chart, page
from flows.runtime import settings
from flows.studies.fault_injection import report
from flows.studies.fault_injection.simulation import Simulation
from ml.studies.fault_injection.detection_rates import Outcome, rate

PROSE = Template(Path(__file__).with_suffix(".md").read_text())


def write(file: Path, found: Simulation) -> list[Path]:
    """Write the page to `file`, its HTML version and its chart; returns what was written."""
    return page.write(file, "What the monitors notice", text(found), {"detection": picture(found)})


def text(found: Simulation) -> str:
    """The page in Markdown."""
    history, calm = found.history, [one for one in found.calm if one.watcher == found.watchers[0]]
    version, agrees = found.peer or ("was not run", False)
    return PROSE.substitute(
        date=f"{date.today():%d %B %Y}", code=f"`{found.code}`", minutes=f"{found.seconds / 60:.0f} minutes",
        cores=f"{settings.threads()} cores", seed=found.seed, headline=report.headline(found), problem=history.problem.name,
        first=f"{history.first:%d %B %Y}", last=f"{history.end:%d %B %Y}", rows=f"{len(history.rows):,}",
        differing=f"{found.rows_differing:,}" if found.rows_differing else "None",
        unlike=found.findings_differing, scenarios=found.scenarios, faults=len(found.faults),
        kinds=len({fault.kind for fault in found.faults}), count=len(found.dates),
        dates=", ".join(f"{day:%d %b}" for day in found.dates),
        calm=" and ".join(f"{one.days} days" for one in calm), boundary=f"{found.boundary:%d %B %Y}",
        version=version, agrees="the same scores" if agrees else "**other scores**",
        calm_table=page.table(report.CALM, list(report.calm_of(found))),
        called="; ".join(f"{day:%d %b} `{name}`" for day, name in found.called) or "none",
        fault_table=page.table(report.header(found), list(report.faults_of(found))),
        always=report.always(found),
        total_table=page.table(["", *found.watchers], list(report.totals_of(found))),
        kind_table=page.table(["fault", "scenarios", "kinds of finding"], list(report.kinds_of(found))),
    )  # fmt: skip


def picture(found: Simulation) -> str:
    """Bars by kind of fault and watcher: pale found within two weeks, full within a day."""
    kinds = list(dict.fromkeys(fault.kind for fault in found.faults))
    height = 0.8 / len(found.watchers)
    said = []
    with chart.figure(9.2, 0.62 * len(kinds) + 0.9) as (fig, axes):
        for number, watcher in enumerate(found.watchers):
            rates = [rate(_of(found, watcher, kind)) for kind in kinds]
            places = [place + number * height for place in range(len(kinds))]
            colour = chart.SERIES[number]
            axes.barh(places, [one.found / max(one.scenarios, 1) for one in rates], height * 0.92, color=colour, alpha=0.35)
            axes.barh(
                places, [one.within_a_day / max(one.scenarios, 1) for one in rates], height * 0.92, color=colour, label=watcher
            )
            for kind, one in zip(kinds, rates, strict=True):
                said.append(f"{watcher}, {kind}: {one.found} of {one.scenarios}, {one.within_a_day} within a day")
        axes.set_yticks([place + 0.4 - height / 2 for place in range(len(kinds))], kinds)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "all"])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_title("Faults found: full within a day, pale within two weeks, no bar: none")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.05), ncols=len(found.watchers))
        return chart.svg(fig, "Faults found by kind and watcher", "; ".join(said))


def _of(found: Simulation, watcher: str, kind: str) -> list[Outcome]:
    return [one for one in found.outcomes if one.watcher == watcher and one.fault.kind == kind]
