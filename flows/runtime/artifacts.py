"""What a flow run leaves in Prefect for people to read; nothing happens where no flow run is under way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

from flows.runtime import settings, warehouse
from flows.runtime.step import inside_a_flow_run

P = ParamSpec("P")


def artifact(write: Callable[P, None]) -> Callable[P, None]:
    """Decorate what writes an artifact: outside a flow run it is not called, and Prefect is not imported."""

    @functools.wraps(write)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        if inside_a_flow_run():
            write(*args, **kwargs)

    return call


@artifact
def dbt_results(command: str, nodes: list[dict]) -> None:
    """A table of what dbt ran: name, status, seconds, message; the failed first, then the slowest."""
    from prefect.artifacts import create_table_artifact

    rows = sorted(nodes, key=lambda node: (node["status"] in ("success", "pass"), -node["seconds"]))
    table = [{**node, "seconds": round(node["seconds"], 2), "message": str(node["message"] or "")[:200]} for node in rows]
    create_table_artifact(table, key=f"dbt-{command}", description=f"`dbt {command}`: {len(nodes)} nodes")


@artifact
def verdict(record: dict) -> None:
    """A verdict with its gates; `record` is a row of `verdicts`."""
    from prefect.artifacts import create_markdown_artifact

    gates = warehouse.rows("select * from ledger.verdict_gates where verdict_id = ? order by gate", [record["verdict_id"]])
    passed = {True: "holds", False: "fails", None: "open"}
    lines = [
        f"# {record['decision']}: {record['challenger']}",
        f"against {record['champion'] or 'the rule'}, on {record['rows_judged']:,} rows. {record['reason']}\n",
        "| gate | estimate | low | high | threshold | | why |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {gate['gate']} | {_number(gate['estimate'])} | {_number(gate['low'])} | {_number(gate['high'])} "
            f"| {_number(gate['threshold'])} | {passed[gate['passed']]} | {gate['reason']} |"
            for gate in gates
        ),
    ]
    create_markdown_artifact("\n".join(lines), key=f"verdict-{record['problem'].replace('_', '-')}")


@artifact
def published(counts: dict[str, int]) -> None:
    """Where the published file is, and the rows of its tables."""
    from prefect.artifacts import create_link_artifact

    tables = "\n".join(f"- {name}: {rows:,} rows" for name, rows in counts.items())
    link = settings.published_file().resolve().as_uri()
    create_link_artifact(link, key="published-file", link_text=settings.published_file().name, description=tables)


@artifact
def alerts(found: list[dict]) -> None:
    """A table of the open alerts."""
    from prefect.artifacts import create_table_artifact

    table = [{name: value if isinstance(value, int | float) else str(value) for name, value in row.items()} for row in found]
    create_table_artifact(table, key="alerts", description=f"{len(found)} alerts are open")


@artifact
def report(problem: str, file: Path) -> None:
    """Where the report of a problem is."""
    from prefect.artifacts import create_link_artifact

    key = f"report-{problem.replace('_', '-')}"
    create_link_artifact(file.resolve().as_uri(), key=key, link_text=file.name, description=f"How the model of {problem} fares")


@artifact
def experiments(problem: str, rows: list[dict]) -> None:
    """A table of experiments with their decisions; `rows` are rows of `ledger.experiments`."""
    from prefect.artifacts import create_table_artifact

    table = [{name: str(row[name]) for name in ("name", "dimension", "change", "decision", "reason")} for row in rows]
    key = f"experiments-{problem.replace('_', '-')}"
    create_table_artifact(table, key=key, description=f"{len(rows)} experiments were run")


@artifact
def page(key: str, file: Path) -> None:
    """A page of Markdown as it was written, readable where its file is not."""
    from prefect.artifacts import create_markdown_artifact

    create_markdown_artifact(file.read_text(), key=key.replace("_", "-"), description=f"{file.resolve()}, without its pictures")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
