"""What is left of problems that are declared no more: no fault, and nothing that has to be deleted."""

from __future__ import annotations

from flows.runtime import dbt, settings, warehouse
from flows.store import problems
from ml.errors import AsofError


def remains() -> list[str]:
    """A sentence for each problem that is declared no more and has tables or a report; none where nobody can say.

    Its predictions stay readable, and whoever declares it again goes on with them.
    """
    declared, found = {*dbt.project_vars().get("problems", [])}, _tables()
    reports = {path.stem: [path] for path in sorted((settings.published_file().parent / "reports").glob("*.html"))}
    names = sorted({*found, *reports} - declared)
    return [_told(name, found.get(name, []), reports.get(name, [])) for name in names]


def _told(name: str, tables: list[str], reports: list) -> str:
    left = [f"{problems.SCHEMA}.{table}" for table in tables] + [str(path) for path in reports]
    ways = ["after a backup, `drop table` or `drop view` in any client of DuckDB"] if tables else []
    ways += ["the page is a file like any other"] if reports else []
    return (
        f"{name} is no problem of `vars: problems` any more, and of it there are still {', '.join(left)}. That is no fault, and "
        f"nothing needs to be deleted. Who wants to: {'; '.join(ways)}"
    )


def _tables() -> dict[str, list[str]]:
    """Tables and views by problem, as their names begin; empty where there is no warehouse, or another process has it."""
    listed = (
        "select table_name from (select schema_name, table_name from duckdb_tables() union all "
        "select schema_name, view_name from duckdb_views()) where schema_name = ? and contains(table_name, '__') order by 1"
    )
    if not warehouse.file().exists():
        return {}
    try:
        with warehouse.reader(warehouse.file(), waits=False) as con:
            names = [name for (name,) in con.execute(listed, [problems.SCHEMA]).fetchall()]
    except (AsofError, warehouse.Error):
        return {}
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition("__")[0], []).append(name)
    return found
