"""The same questions in pandas."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd


def asof(arguments: dict) -> Callable[[str], object]:
    """`merge_asof` of the spine with each view, on its key."""
    spine = pd.read_parquet(arguments["spine"], columns=["flight_row", *arguments["views"], "as_of"]).sort_values("as_of")
    for key, file in arguments["views"].items():
        view = pd.read_parquet(file).sort_values("known_at")
        view = view.rename(columns={name: f"{key}_{name}" for name in view.columns if name not in (key, "known_at")})
        spine = pd.merge_asof(spine, view, left_on="as_of", right_on="known_at", by=key, allow_exact_matches=False)
        spine = spine.drop(columns="known_at")
    answer = spine.drop(columns=[*arguments["views"], "as_of"])
    return lambda file: answer.to_parquet(file)


def rolling(arguments: dict) -> Callable[[str], object]:
    """`groupby.rolling` with closed="left", over facts and asks in one frame, to the instant."""
    key = arguments["key"]
    read = pd.read_parquet(arguments["spine"], columns=["flight_row", key, "known_at", "as_of", "arr_delay", "disrupted"])
    facts = read[[key, "known_at", "arr_delay", "disrupted"]].rename(columns={"known_at": "at"}).assign(one=1.0)
    asks = read[["flight_row", key, "as_of"]].rename(columns={"as_of": "at"})
    both = pd.concat([facts, asks]).dropna(subset=key).sort_values([key, "at"], kind="stable")
    windows = both.groupby(key, sort=False, observed=True).rolling("28D", on="at", closed="left", min_periods=1)
    answer = pd.DataFrame({
        "flight_row": both["flight_row"].to_numpy(), "n": windows["one"].sum().to_numpy(),
        "mean": windows["arr_delay"].mean().to_numpy(), "share": windows["disrupted"].mean().to_numpy(),
    })  # fmt: skip
    answer = answer[answer["flight_row"].notna()]
    answer = pd.concat([answer, read.loc[read[key].isna(), ["flight_row"]]]).fillna({"n": 0}).astype({"flight_row": "int64"})
    return lambda file: answer.to_parquet(file, index=False)
