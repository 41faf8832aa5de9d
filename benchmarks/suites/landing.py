"""A CSV lands, every value checked: beside bare readers, with bad lines, as many small files, and at growing size."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.bench import Bench
from benchmarks.measure import Contestant, once

NAME = "landing"
QUESTION = "What does it cost that nothing wrong lands?"
ROWS, QUICK_ROWS = 3_000_000, 20_000
FILES, QUICK_FILES = 5_000, 300
# What the warehouse may hold in memory while a file grows: more is spilled.
MEMORY = "512MB"
# One line in a hundred is bad, in addition: the good ones come to the same answer.
BAD = 100
VISIT = """
    select 100000 + i as visit_id, format('S{{:03d}}', i * 7919 % 21) as shop, cast(seen_at as date) as visited_on,
        ['web', 'street', 'mail', 'phone'][1 + i * 31 % 4] as channel, {items} as items,
        round(hash(i) % 10000 / 100, 2) as spent, [true, false, null][1 + i * 17 % 3] as member,
        strftime(seen_at, '%Y-%m-%d %H:%M:%S') as reported_at
    from (select i, timestamp '2026-01-01' + i * interval 5 second as seen_at from range({rows}) as r(i))
"""


def run(bench: Bench) -> None:
    """Measure the readers in turns, then small files, then what memory does as a file grows."""
    quick = bench.sizes == ["quick"]
    rows, files = (QUICK_ROWS, QUICK_FILES) if quick else (ROWS, FILES)
    clean, bad = csv_file(bench.work, rows, bad=False), csv_file(bench.work, rows, bad=True)
    bench.measure(NAME, "one file", "quick" if quick else "3M", rows, [
        Contestant("DuckDB read_csv, unchecked", "house", "landing.read_csv", {"csv": str(clean)}),
        Contestant("landed, no line bad", "house", "landing.landed", {"csv": str(clean)}),
        Contestant("landed, 1 % of lines bad", "house", "landing.landed", {"csv": str(bad)}),
        Contestant("pandas read_csv, unchecked", "house", "landing.in_pandas", {"csv": str(clean)}),
    ], key="visit_id")  # fmt: skip
    small = once(Contestant("landed", "house", "landing.small", {"csv": str(clean), "files": files}), None, bench.work)
    bench.say(f"  landing: {files:,} files of five rows, {1000 * small['wall'] / files:.1f} ms each")
    _keep(bench, "small files", files * 5, small, f"landed, {files:,} files of five rows", files=files)
    for times in (1, 3) if quick else (1, 4, 12):
        file = csv_file(bench.work, rows * times // (1 if quick else 3), bad=False)
        grown = once(Contestant("landed", "house", "landing.landed", {"csv": str(file), "memory": MEMORY}), None, bench.work)
        bench.say(f"  landing: {file.stat().st_size / 1e6:,.0f} MB, {grown['wall']:.1f} s, {grown['peak_mb']:,.0f} MB of memory")
        _keep(bench, f"{times}x", grown["loaded"], grown, "landed", megabytes=round(file.stat().st_size / 1e6))


def csv_file(work: Path, rows: int, bad: bool) -> Path:
    """A CSV of so many visits, made once; with `bad`, a line in a hundred more, whose count of items is no number."""
    file = work / "landing" / f"visits_{rows}{'_bad' if bad else ''}.csv"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part")
        visits = VISIT.format(items="(1 + i % 9)::varchar", rows=rows)
        if bad:
            wrong = VISIT.format(items="'x'", rows=rows // BAD)
            visits = f"select * from ({visits} union all {wrong}) order by visit_id, items"
        duckdb.execute(f"copy ({visits}) to '{unfinished}' (format csv, header)")
        unfinished.rename(file)
    return file


def _keep(bench: Bench, size: str, rows: int, cost: dict, label: str, **more) -> None:
    row = {"contestant": label, "problem": None, **cost}
    bench.keep(NAME, {"case": "growth" if "megabytes" in more else "many", "size": size, "rows": rows, "machine": bench.machine,
                      "differences": {}, "contestants": [row], **more})  # fmt: skip
