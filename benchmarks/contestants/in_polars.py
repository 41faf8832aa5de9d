"""The same questions in polars."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

WINDOW = "28d"
THREE = ("7d", "28d", "90d")


def asof(arguments: dict) -> Callable[[str], object]:
    """`join_asof` of the spine with each view, on its key."""
    spine = pl.scan_parquet(arguments["spine"]).select("flight_row", *arguments["views"], "as_of").sort("as_of")
    for key, file in arguments["views"].items():
        view = pl.scan_parquet(file).sort("known_at")
        view = view.rename({name: f"{key}_{name}" for name in view.collect_schema().names() if name not in (key, "known_at")})
        spine = spine.join_asof(view, left_on="as_of", right_on="known_at", by=key, allow_exact_matches=False,
                                check_sortedness=False).drop("known_at", strict=False)  # fmt: skip
    answer = spine.select(pl.exclude(*arguments["views"], "as_of")).collect()
    return lambda file: answer.write_parquet(file)


def last_flight(arguments: dict) -> Callable[[str], object]:
    """`join_asof` of the spine with the facts of its key, the greater `flight_row` winning ties."""
    columns = ["arr_delay", "dep_delay", "distance", "disrupted"]
    file, key = arguments["spine"], arguments["key"]
    spine = pl.scan_parquet(file).select("flight_row", key, "as_of").sort("as_of")
    facts = pl.scan_parquet(file).select(key, "known_at", "flight_row", *columns).drop_nulls(key).sort("known_at", "flight_row")
    answer = spine.join_asof(facts.drop("flight_row"), left_on="as_of", right_on="known_at", by=key, allow_exact_matches=False,
                             check_sortedness=False).select("flight_row", *columns).collect()  # fmt: skip
    return lambda out: answer.write_parquet(out)


def _facts(arguments: dict) -> pl.LazyFrame:
    return pl.scan_parquet(arguments["spine"]).select(
        key=arguments["key"], at="known_at", flight_row=pl.lit(None, pl.Int64), one=pl.lit(1, pl.Int64),
        arr_delay=pl.col("arr_delay").cast(pl.Int64), disrupted=pl.col("disrupted").cast(pl.Int64),
    ).drop_nulls("key")  # fmt: skip


def _rolled(facts: pl.LazyFrame, asks: pl.LazyFrame, windows: dict[str, str]) -> pl.LazyFrame:
    # windows: what ends a column's name → how long
    empty = {"one": pl.lit(0, pl.Int64), "arr_delay": pl.lit(None, pl.Int64), "disrupted": pl.lit(None, pl.Int64)}
    asked = asks.with_columns(**empty).select("key", "at", "flight_row", *empty)
    rolled = {}
    for tag, window in windows.items():
        over = {"by": "at", "window_size": window, "closed": "left"}
        rolled[f"n{tag}"] = pl.col("one").rolling_sum_by(**over).over("key").fill_null(0)
        rolled[f"mean{tag}"] = pl.col("arr_delay").rolling_mean_by(**over).over("key")
        rolled[f"share{tag}"] = pl.col("disrupted").rolling_mean_by(**over).over("key")
    together = pl.concat([facts.select(asked.collect_schema().names()), asked]).sort("at")
    return together.select("flight_row", "key", "at", **rolled).filter(pl.col("flight_row").is_not_null())


def rolling(arguments: dict, windows: dict[str, str] | None = None) -> Callable[[str], object]:
    """`rolling_*_by` with closed="left", over facts and asks in one frame, to the instant."""
    asks = pl.scan_parquet(arguments["spine"]).select("flight_row", key=arguments["key"], at="as_of")
    return _with_keyless(asks, _rolled(_facts(arguments), asks.drop_nulls("key"), windows or {"": WINDOW}).drop("key", "at"))


def rolling_three(arguments: dict) -> Callable[[str], object]:
    """The same over three windows."""
    return rolling(arguments, {f"_{window}": window for window in THREE})


def rolling_midnight(arguments: dict) -> Callable[[str], object]:
    """`rolling_*_by` for each distinct key and last midnight, joined back to the rows."""
    asks = pl.scan_parquet(arguments["spine"]).select(
        "flight_row", key=arguments["key"], at=(pl.col("as_of") - pl.duration(microseconds=1)).dt.truncate("1d")
    )
    distinct = asks.select("key", "at").unique().with_columns(flight_row=pl.lit(0, pl.Int64)).drop_nulls("key")
    daily = _rolled(_facts(arguments), distinct, {"": WINDOW}).drop("flight_row")
    answer = (
        asks.join(daily, on=["key", "at"], how="left").select("flight_row", pl.col("n").fill_null(0), "mean", "share").collect()
    )
    return lambda file: answer.write_parquet(file)


def cumulative(arguments: dict) -> Callable[[str], object]:
    """Running sums of the facts, looked up by `join_asof` at both ends of the window: no rolling, to the instant."""
    facts = _facts(arguments).sort("at").select(
        "key", "at", n=pl.col("one").cum_sum().over("key"),
        delays=pl.col("arr_delay").is_not_null().cast(pl.Int64).cum_sum().over("key"),
        delay=pl.col("arr_delay").fill_null(0).cum_sum().over("key"), disrupted=pl.col("disrupted").cum_sum().over("key"),
    )  # fmt: skip
    spine = pl.scan_parquet(arguments["spine"]).select("flight_row", "as_of", key=arguments["key"]).sort("as_of")
    spine = spine.with_columns(start=pl.col("as_of") - pl.duration(days=28))
    how = {"right_on": "at", "by": "key", "allow_exact_matches": False, "check_sortedness": False}
    both = spine.join_asof(facts, left_on="as_of", **how).join_asof(facts, left_on="start", suffix="_left", **how)
    n, delays, delay, disrupted = (
        pl.col(c).fill_null(0) - pl.col(f"{c}_left").fill_null(0) for c in ("n", "delays", "delay", "disrupted")
    )
    answer = both.select("flight_row", n=n, mean=delay / delays, share=disrupted / n).collect()
    return lambda file: answer.write_parquet(file)


def _with_keyless(asks: pl.LazyFrame, answer: pl.LazyFrame) -> Callable[[str], object]:
    # a flight without the key is kept, with nothing in its window
    empty = {name: pl.lit(0, pl.Int64) if name.startswith("n") else pl.lit(None, pl.Float64)
             for name in answer.collect_schema().names()[1:]}  # fmt: skip
    lost = asks.filter(pl.col("key").is_null()).select("flight_row", **empty)
    whole = pl.concat([answer, lost]).collect()
    return lambda file: whole.write_parquet(file)
