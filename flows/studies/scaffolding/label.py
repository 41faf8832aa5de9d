"""What a person says of the label, read before anything is built: an aggregate over the facts ahead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import duckdb
import numpy as np

from ml.errors import AsofError

# Of what is added up, counted or averaged people want the mean, which says how much many come to; of anything else the middle.
ADDED_UP = {"sum", "sum_no_overflow", "fsum", "kahan_sum", "count", "count_star", "count_if", "countif", "avg", "mean", "favg"}

# Where more than this share of rows have the smallest value, the middle is that or close to it, and says nothing of the others.
TIES = 0.1
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
           "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
TASKS = {"BOOLEAN": "binary", "VARCHAR": "multiclass", **dict.fromkeys(NUMBERS, "regression")}
# By task: what a label is, and what is asked.
ANSWERS = {"binary": ("a yes or no", "whether"), "regression": ("a number", "how much"), "multiclass": ("a text", "which")}


def aggregates(label: str) -> list[str]:
    """The aggregates of `--label`, in order; AsofError where it is no SQL, or a column stands outside of any aggregate."""
    tree, known = _tree("--label", label), _known()
    found = [one["function_name"] for one, _ in _nodes(tree, known) if _aggregates(one, known)]
    loose = [one["column_names"][-1] for one, within in _nodes(tree, known) if one["class"] == "COLUMN_REF" and not within]
    if not loose and found:
        return found
    if not loose:
        raise AsofError(
            f"--label {label!r} looks at no fact; say an aggregate over the facts ahead, such as count(*) > 0 or max(COLUMN) > 5"
        )
    better = label
    for column in dict.fromkeys(loose):
        better = re.sub(rf"(?<![\w(.]){re.escape(column)}(?!\w)", f"max({column})", better)
    such = f" (such as {better})" if better != label else ""
    raise AsofError(
        f"--label {label!r} asks a single fact for {loose[0]}, and many may happen within the horizon: "
        f"say an aggregate over them{such}"
    )


def constant(option: str, text: str) -> None:
    """AsofError where the text of an option is no SQL of one value, the same for every row."""
    known = _known()
    if any(one["class"] == "COLUMN_REF" or _aggregates(one, known) for one, _ in _nodes(_tree(option, text), known)):
        raise AsofError(
            f"{option} is {text!r}: where nothing happened there is no fact to look at; say a value, such as 0 or null"
        )


def fits(label: str, kind: str, task: str) -> None:
    """AsofError where the SQL type of the label answers another question than the task asks."""
    found = TASKS.get(kind.partition("(")[0])
    if found == task:
        return
    if found is None:
        raise AsofError(f"--label {label!r} is of type {kind.lower()}; say a yes or no, a number, or a text")
    what, asks = ANSWERS[found]
    other = f" (such as {label} > 0)" if (found, task) == ("regression", "binary") else ""
    raise AsofError(f"--label {label!r} is {what}, and --task {task} wants {ANSWERS[task][0]}{other}; --task {found} asks {asks}")


def metric(label: str, values: np.ndarray) -> tuple[str, str]:
    """By what a number is judged, `rmse` (whose best answer is the mean) or `mae` (the middle), and why."""
    if added := [one for one in aggregates(label) if one in ADDED_UP]:
        return "rmse", f"the label is a {added[0].removesuffix('_star')}, and means add up: they say how much many rows come to"
    ties = float(np.mean(values == values.min()))
    if ties > TIES:
        return "rmse", f"{ties:.0%} of the labels are the smallest, {values.min():g}, and a middle would say so nearly everywhere"
    return "mae", "the label is one fact's value, and the middle of many is not moved by a few that are far off"


def never_negative(con: duckdb.DuckDBPyConnection, label: str, relation: str, values: np.ndarray) -> str:
    """Why a number can be declared to be at least 0, as a sentence about the facts of `relation`; empty where it cannot.

    It is a count, or a sum or mean of what no fact has below 0, and no label in `values` is below 0 either.
    """
    root, known = _tree("--label", label), _known()
    while root["class"] in ("CAST", "OPERATOR") and root.get("type") in ("OPERATOR_CAST", "OPERATOR_COALESCE"):
        root = root["child"] if root["class"] == "CAST" else root["children"][0]
    name = root.get("function_name", "").lower()
    if name not in ADDED_UP or not _aggregates(root, known) or np.nanmin(values) < 0:
        return ""
    if name.startswith("count"):
        return "a count is never below 0"
    added = _as_sql(root["arguments"][0]["expression"])
    least, facts = con.execute(f"select min({added}), count(*) from {relation}").fetchall()[0]
    return f"{added} was below 0 in none of {facts:,} facts" if least is not None and least >= 0 else ""


def _as_sql(node: dict) -> str:
    """The SQL of one expression of a tree."""
    with duckdb.connect() as con:
        read = json.loads(con.execute("select json_serialize_sql('select 1')").fetchall()[0][0])
        read["statements"][0]["node"]["select_list"] = [node]
        (text,) = con.execute("select json_deserialize_sql(?::json)", [json.dumps(read)]).fetchall()[0]
    return text.removeprefix("SELECT ")


def _known() -> set[str]:
    with duckdb.connect() as con:
        rows = con.execute("select distinct function_name from duckdb_functions() where function_type = 'aggregate'").fetchall()
    return {name for (name,) in rows}


def _tree(option: str, text: str) -> dict:
    with duckdb.connect() as con:
        read = json.loads(con.execute("select json_serialize_sql(?)", [f"select {text}"]).fetchall()[0][0])
    if read["error"]:
        raise AsofError(f"{option} {text!r} is no SQL: {read['error_message']}")
    nodes = [one["node"] for one in read["statements"]]
    if len(nodes) != 1 or len(nodes[0].get("select_list", ())) != 1 or nodes[0]["from_table"]["type"] != "EMPTY":
        raise AsofError(f"{option} is {text!r}: say one expression, without a query or a second column")
    return nodes[0]["select_list"][0]


def _aggregates(node: dict, known: set[str]) -> bool:
    return node["class"] == "FUNCTION" and node["function_name"].lower() in known


def _nodes(tree: object, known: set[str], within: bool = False) -> Iterator[tuple[dict, bool]]:
    """Every expression of a tree, and whether it stands within an aggregate."""
    if isinstance(tree, list):
        for one in tree:
            yield from _nodes(one, known, within)
    elif isinstance(tree, dict):
        if "class" in tree:
            yield tree, within
            within = within or _aggregates(tree, known)
        for one in tree.values():
            yield from _nodes(one, known, within)
