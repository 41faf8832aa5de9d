"""Trailing windows for keys with many, some and few facts a day, from one to thirty million flights."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.flights import count
from benchmarks.measure import Contestant

NAME = "trailing"
QUESTION = "How did the weeks before each decision go for its carrier, its route, its aircraft?"
# How many facts a key has a day, and the key that shows it.
DENSITIES = {"many": "carrier", "some": "route", "few": "tail"}
# pandas takes minutes beyond; a peer that is ten times slower is so at a million rows too.
PANDAS_UP_TO = ("quick", "1M")
CUMULATIVE_UP_TO = ("quick", "1M", "3M", "10M")


def run(bench: Bench) -> None:
    """Each density to the instant, over one window and three, and many facts per midnight too, at every size asked for."""
    for size in bench.sizes:
        file = bench.flights(size)
        rows = count(file)
        for density, key in DENSITIES.items():
            asked = {"spine": str(file), "key": key}
            contestants = [
                Contestant("macros", "house", "macros.query", {"views": laid(file, key), "sql": bench.sql["trailing_instant"]}),
                Contestant("polars rolling_*_by", "frames", "in_polars.rolling", asked),
            ]
            if size in CUMULATIVE_UP_TO:
                contestants.append(Contestant("polars cum_sum, join_asof", "frames", "in_polars.cumulative", asked))
            if size in PANDAS_UP_TO:
                contestants.append(Contestant("pandas rolling", "frames", "in_pandas.rolling", asked))
            bench.measure(NAME, f"{density} facts per key ({key}), to the instant", size, rows, contestants)
            bench.measure(NAME, f"{density} facts per key ({key}), three windows", size, rows, [
                Contestant("macros", "house", "macros.query", {"views": laid(file, key), "sql": bench.sql["trailing_three"]}),
                Contestant("polars rolling_*_by", "frames", "in_polars.rolling_three", asked),
            ])  # fmt: skip
        midnights = {"views": laid(file, "carrier"), "sql": bench.sql["trailing_midnight"]}
        bench.measure(NAME, "many facts per key (carrier), per midnight", size, rows, [
            Contestant("macros", "house", "macros.query", midnights),
            Contestant("polars rolling_*_by", "frames", "in_polars.rolling_midnight", {"spine": str(file), "key": "carrier"}),
        ])  # fmt: skip


def laid(file, key: str) -> dict[str, str]:
    """The views `spine` and `facts` of one key over the flights."""
    return {
        "spine": f"(select flight_row, {key} as key, as_of from '{file}')",
        "facts": f"(select {key} as key, known_at, arr_delay, disrupted from '{file}')",
    }
