"""The published file's tables as Superset's datasets, charts and dashboards: a folder of YAML files.

The identity of each is a UUID of its name, so that an import replaces what an import before it made, and nothing else.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import yaml

ASOF = uuid.UUID("5e0b8f2c-6f0c-5d6b-9b77-0a5e1f6f7a11")
DATABASE = "Asof, published"
VERSION = "1.0.0"
WIDTH = 12  # columns of Superset's grid
PARTS = ("metadata.yaml", "databases", "datasets", "charts", "dashboards")
# What every project publishes; other tables belong to a problem.
QUALITY, MODELS, ALERTS = "model_quality", "model_versions", "alerts"
# Superset's kinds by DuckDB's types; what is not here is text.
TEMPORAL = ("TIMESTAMP", "DATE")
# For programs, or only of rows that somebody spoke of.
NOT_SHOWN = ("reasons_raw", "scored_at", "model_version", "outcome_known_at", "flagged", "comments")


class NoTables(Exception):
    """The file is not there, or holds nothing that is shown; the message says what to do."""


@dataclass(frozen=True)
class Table:
    """A published table: its columns by name, each with type and comment."""

    name: str
    comment: str
    columns: dict[str, tuple[str, str]]

    @property
    def time(self) -> str | None:
        """The column that Superset filters by time: as_of, or the first that is a day or an instant."""
        times = [name for name, (kind, _) in self.columns.items() if kind.startswith(TEMPORAL)]
        return "as_of" if "as_of" in times else times[0] if times else None


@dataclass(frozen=True)
class Chart:
    """One chart of a table, `wide` columns of the dashboard's grid."""

    title: str
    table: str
    kind: str
    wide: int
    params: dict = field(default_factory=dict)

    @property
    def uuid(self) -> str:
        return _uuid("chart", self.table, self.title)


def write(published: Path, to: Path) -> list[str]:
    """Write the folder, without what is stale in it; returns the titles of its dashboards.

    NoTables where nothing is published, or where the folder holds anything that this has not written.
    """
    tables = read(published)
    dashboards = {"Models and alerts": _of_all(tables)}
    dashboards |= {_title(table.name): _of_predictions(table) for table in tables.values() if _holds_predictions(table)}
    dashboards = {title: charts for title, charts in dashboards.items() if charts}
    if not dashboards:
        raise NoTables(f"{published} holds no table that a dashboard shows; `python -m flows publish` writes it")
    shown = {chart.table for charts in dashboards.values() for chart in charts}
    files = {"metadata.yaml": {"version": VERSION, "type": "Dashboard", "timestamp": "2000-01-01T00:00:00+00:00"}}
    files["databases/asof.yaml"] = _database(published)
    files |= {f"datasets/asof/{name}.yaml": _dataset(tables[name]) for name in shown}
    for title, charts in dashboards.items():
        files |= {f"charts/{chart.uuid}.yaml": _chart(chart) for chart in charts}
        files[f"dashboards/{_slug(title)}.yaml"] = _dashboard(title, charts)
    _empty(to)
    for name, content in files.items():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), "utf-8")
    return list(dashboards)


def _empty(folder: Path) -> None:
    """Remove what an earlier call has written; NoTables where the folder holds anything else."""
    held = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    foreign = [path for path in held if path.suffix != ".yaml" or path.relative_to(folder).parts[0] not in PARTS]
    if foreign or (held and not (folder / PARTS[0]).is_file()):
        raise NoTables(
            f"{(foreign or held)[0]} was not written by this command; name an empty folder, or one that it has written"
        )
    for path in held:
        path.unlink()


def read(published: Path) -> dict[str, Table]:
    """The tables of a published file by name, with what dbt says of them."""
    if not published.exists():
        raise NoTables(f"{published} is not there; `python -m flows publish` writes it, --published names another")
    try:
        with duckdb.connect(str(published), read_only=True) as con:
            comments = dict(con.execute("select table_name, coalesce(comment, '') from duckdb_tables()").fetchall())
            rows = con.execute(
                "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
                "where table_name in (select table_name from duckdb_tables()) order by table_name, column_index"
            ).fetchall()
    except duckdb.Error as error:
        raise NoTables(f"{published} cannot be read: {str(error).splitlines()[0]}") from error
    return {
        name: Table(name, comment, {column: (kind, says) for table, column, kind, says in rows if table == name})
        for name, comment in comments.items()
    }


def _holds_predictions(table: Table) -> bool:
    return {"as_of", "score", "flagged", "model_version"} <= set(table.columns)


def _of_all(tables: dict[str, Table]) -> list[Chart]:
    charts = []
    if ALERTS in tables:
        worst_first = ["severity", "kind", "subject", "first_seen", "value", "limit_value", "cause"]
        charts.append(Chart("Open alerts", ALERTS, "table", 12, _rows(worst_first, [("damage", False)], "state <> 'closed'")))
    if QUALITY in tables:
        by_month = "grain = 'month' and scorer in ('champion', 'rule')"
        for metric, title in (("roc_auc", "ROC AUC by month"), ("log_loss", "Log loss by month, lower is better")):
            lines = _series("period_start", {title: f"max({metric})"}, "P1M", ["problem", "scorer"], by_month)
            charts.append(
                Chart(title, QUALITY, "echarts_timeseries_line", 6, lines | {"truncateYAxis": True, "markerEnabled": True})
            )
    if MODELS in tables:
        told = ["problem", "model_version", "champion_from", "champion_until", "rows_trained", "decision", "reason"]
        charts.append(Chart("Models, the newest first", MODELS, "table", 12, _rows(told, [("trained_as_of", False)])))
    return charts


def _of_predictions(table: Table) -> list[Chart]:
    told = [name for name in table.columns if name not in NOT_SHOWN and not name.startswith(("corrected_", "last_comment"))]
    newest = _rows(told, [("as_of", False), ("score", False)], "flagged")
    by_day = {"scored": "count(*)", "flagged": "count(*) filter (where flagged)"}
    if "outcome_known_at" in table.columns:
        by_day["outcome known"] = "count(outcome_known_at)"
    means = {"mean score": "avg(score)"} | ({"mean of the rule": "avg(rule_score)"} if "rule_score" in table.columns else {})
    return [
        Chart("Rows by day", table.name, "echarts_timeseries_bar", 6, _series("as_of", by_day, "P1D")),
        Chart("Mean score by day", table.name, "echarts_timeseries_line", 6, _series("as_of", means, "P1D")),
        Chart("Flagged, the newest first", table.name, "table", 12, newest),
    ]


def _rows(columns: list[str], order: list[tuple[str, bool]], where: str | None = None) -> dict:
    return {
        "query_mode": "raw",
        "all_columns": columns,
        "order_by_cols": [json.dumps(list(one)) for one in order],
        "row_limit": 1000,
        "page_length": 20,
        "table_timestamp_format": "%Y-%m-%d %H:%M",
        "show_cell_bars": False,
        "column_config": {
            name: {"d3NumberFormat": ".2f"} if "score" in name else {"columnWidth": 480}
            for name in columns
            if "score" in name or "reason" in name
        },
        "adhoc_filters": _where(where),
    }


def _series(time: str, values: dict[str, str], grain: str, by: list[str] | None = None, where: str | None = None) -> dict:
    metrics = [
        {"expressionType": "SQL", "sqlExpression": sql, "label": label, "hasCustomLabel": True, "optionName": f"metric_{label}"}
        for label, sql in values.items()
    ]
    return {
        "x_axis": time,
        "time_grain_sqla": grain,
        "metrics": metrics,
        "groupby": by or [],
        "adhoc_filters": _where(where),
        "row_limit": 10000,
        "show_legend": True,
        "rich_tooltip": True,
        "x_axis_time_format": "smart_date",
        "y_axis_format": "SMART_NUMBER",
    }


def _where(sql: str | None) -> list[dict]:
    return (
        [{"expressionType": "SQL", "clause": "WHERE", "sqlExpression": sql, "filterOptionName": f"filter_{sql}"}] if sql else []
    )


def _database(published: Path) -> dict:
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": f"duckdb:///{published}",
        "cache_timeout": 0,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "extra": {"engine_params": {"connect_args": {"read_only": True}}},
        "uuid": _uuid("database", DATABASE),
        "version": VERSION,
    }


def _dataset(table: Table) -> dict:
    return {
        "table_name": table.name,
        "main_dttm_col": table.time,
        "description": table.comment,
        "schema": "main",
        "sql": None,
        "params": None,
        "uuid": _uuid("dataset", table.name),
        "metrics": [{"metric_name": "count", "verbose_name": "Rows", "expression": "count(*)", "metric_type": "count"}],
        "columns": [
            {
                "column_name": name,
                "is_dttm": kind.startswith(TEMPORAL),
                "is_active": True,
                "type": kind,
                "groupby": True,
                "filterable": True,
                "description": says,
            }
            for name, (kind, says) in table.columns.items()
        ],
        "version": VERSION,
        "database_uuid": _uuid("database", DATABASE),
    }


def _chart(chart: Chart) -> dict:
    return {
        "slice_name": chart.title,
        "viz_type": chart.kind,
        "params": {"viz_type": chart.kind} | chart.params,
        "cache_timeout": None,
        "uuid": chart.uuid,
        "version": VERSION,
        "dataset_uuid": _uuid("dataset", chart.table),
    }


def _dashboard(title: str, charts: list[Chart]) -> dict:
    rows: list[list[Chart]] = []
    for chart in charts:
        if not rows or sum(one.wide for one in rows[-1]) + chart.wide > WIDTH:
            rows.append([])
        rows[-1].append(chart)
    position: dict = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": [f"ROW-{n}" for n in range(len(rows))], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": title}},
    }
    for n, row in enumerate(rows):
        inside = ["ROOT_ID", "GRID_ID", f"ROW-{n}"]
        children = [f"CHART-{chart.uuid[:8]}" for chart in row]
        looks = {"background": "BACKGROUND_TRANSPARENT"}
        position[f"ROW-{n}"] = {"id": f"ROW-{n}", "type": "ROW", "children": children, "parents": inside[:2], "meta": looks}
        for child, chart in zip(children, row, strict=True):
            # the import puts its own number in the place of chartId
            size = {
                "width": chart.wide,
                "height": 50,
                "uuid": chart.uuid,
                "chartId": charts.index(chart) + 1,
                "sliceName": chart.title,
            }
            position[child] = {"id": child, "type": "CHART", "children": [], "parents": inside, "meta": size}
    return {
        "dashboard_title": title,
        "description": None,
        "css": "",
        "slug": _slug(title),
        "uuid": _uuid("dashboard", title),
        "position": position,
        "metadata": {"color_scheme": "supersetColors", "refresh_frequency": 300, "native_filter_configuration": []},
        "version": VERSION,
    }


def _title(name: str) -> str:
    return name.removesuffix("_predictions").replace("_", " ").capitalize()


def _slug(title: str) -> str:
    return "asof-" + title.lower().replace(" ", "-")


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(ASOF, "/".join(parts)))
