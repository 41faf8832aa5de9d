"""A published file of a project with one problem, with an odd column, a hostile text and comments that have quotes."""

from __future__ import annotations

from pathlib import Path

import duckdb

QUALITY = "problem varchar, scorer varchar, grain varchar, period_start date, roc_auc double, log_loss double"
MODELS = """problem varchar, model_version varchar, trained_as_of timestamp, champion_from timestamp,
    champion_until timestamp,    rows_trained bigint, decision varchar, reason varchar"""
ALERTS = """severity varchar, kind varchar, subject varchar, first_seen timestamp, value double,
    limit_value double, cause varchar, damage double, state varchar"""
PREDICTIONS = """"odd ""key" bigint, as_of timestamp, score double, flagged boolean, model_version varchar,
    reasons varchar, came_back boolean"""


def published_file(file: Path) -> Path:
    """Write it; returns its path."""
    tables = {"model_quality": QUALITY, "model_versions": MODELS, "alerts": ALERTS, "loyal_shops_predictions": PREDICTIONS}
    with duckdb.connect(str(file)) as con:
        for name, columns in tables.items():
            con.execute(f"create table {name} ({columns})")
        con.execute("comment on column loyal_shops_predictions.score is 'what: \"yes\" is ''worth'' — 80 %'")
        con.execute(
            "insert into model_quality select 'loyal_shops', s, 'month', date '1999-01-01' + interval (m) month, .7, .5 "
            "from range(6) as t (m), unnest(['rule', 'champion']) as u (s)"
        )
        con.execute("insert into alerts values ('high', 'drift', 'spend', '1999-01-02', 1, 2, 'a cause', 3, 'open')")
        con.execute(
            "insert into model_versions values ('loyal_shops', 'a-b-1', '1999-01-01', '1999-01-01', null, 9, 'PROMOTE', 'it')"
        )
        con.execute(
            "insert into loyal_shops_predictions select i, timestamp '1999-01-01' + interval (i) hour, i / 100, i > 50, 'a-b-1', "
            "'=1+1', null from range(100) as t (i)"
        )
    return file
