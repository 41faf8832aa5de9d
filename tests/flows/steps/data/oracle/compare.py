"""Land generated files and compare: the landed values, the quarantined places, the texts of lines and the counts."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import duckdb

from checks.landing import LandingSource
from flows.steps.data.landing import files as landing_files
from flows.steps.data.landing import group, jsonl_files, parquet_files
from flows.steps.data.landing.landing import LandingRefused, land
from tests.flows.steps.data.oracle.files import csv_file, jsonl_file, parquet_file
from tests.flows.steps.data.oracle.reader import Outcome, read_csv
from tests.flows.steps.data.oracle.sources import source as any_source
from tests.flows.steps.data.oracle.texts import ODD

FILES = {"csv": csv_file, "csv.gz": csv_file, "jsonl": jsonl_file, "parquet": parquet_file}
CLOCK = datetime(2500, 1, 1)


@dataclass
class Counts:
    """What was compared, by format and type, and the files that came out differently."""

    files: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    rows: Counter = field(default_factory=Counter)
    quarantined: Counter = field(default_factory=Counter)
    values: Counter = field(default_factory=Counter)
    bad_values: Counter = field(default_factory=Counter)
    mismatches: list[str] = field(default_factory=list)


def compare(con: duckdb.DuckDBPyConnection, folder: Path, seeds: range, counts: Counts) -> Counts:
    """One source and its generated files per seed. `con` holds the ledger; `folder` is empty."""
    kept = landing_files.PIECE, jsonl_files.BLOCK, parquet_files.BLOCK, group.SMALL
    (folder / "some" / "files").mkdir(parents=True, exist_ok=True)
    try:
        for seed in seeds:
            random = Random(seed)
            ending = random.choice(list(FILES))
            # borders of pieces and blocks fall everywhere
            landing_files.PIECE = random.choice([3, 17, 64, 1000, 1 << 20])
            jsonl_files.BLOCK = parquet_files.BLOCK = random.choice([1, 7, 1000])
            # a third of the sources has files that are too large for a group
            group.SMALL = random.choice([1 << 20, 1 << 20, 0])
            if not group.SMALL:
                landing_files.PIECE = max(landing_files.PIECE, 200)  # a statement for each block takes its time
            _land(con, folder, seed, random, ending, counts)
    finally:
        landing_files.PIECE, jsonl_files.BLOCK, parquet_files.BLOCK, group.SMALL = kept
    return counts


def compare_odd(con: duckdb.DuckDBPyConnection, folder: Path, source: LandingSource, counts: Counts) -> Counts:
    """A CSV of one column, a line for each odd text of its type; the column is never null."""
    written, column = io.StringIO(), source.columns[0]
    kind = "integer" if column.data_type in ("smallint", "bigint") else column.data_type
    csv.writer(written, delimiter=source.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
        # a line break in a column that is no text refuses the file
        [[column.name], *([text] for text in ODD[kind] if text and (kind == "varchar" or "\n" not in text))]
    )
    data = written.getvalue().encode()
    (folder / "some" / "files").mkdir(parents=True, exist_ok=True)
    _compare(con, folder, source, {"some/files/odd.csv": (data, read_csv(source, data))}, "csv", counts, str(source.columns))
    return counts


def _land(con: duckdb.DuckDBPyConnection, folder: Path, seed: int, random: Random, ending: str, counts: Counts) -> None:
    source, files = any_source(random, ending), {}
    for number in range(20 if group.SMALL else 2):
        data, outcome = FILES[ending](source, random)
        # the same bytes twice are landed once
        if data not in [other for other, _ in files.values()]:
            files[f"some/files/{seed}_{number}.{ending}"] = data, outcome
    _compare(con, folder, source, files, ending, counts, f"seed {seed}")


def _compare(
    con: duckdb.DuckDBPyConnection, folder: Path, source: LandingSource, files: dict[str, tuple[bytes, Outcome]], ending: str,
    counts: Counts, where: str,
) -> None:  # fmt: skip
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    con.execute(f"drop table if exists {source.relation}; delete from ledger.batches; delete from ledger.quarantine")
    try:
        land(con, source, folder, CLOCK)
        refusals = []
    except LandingRefused as refused:
        refusals = refused.refusals
    for name, (_, outcome) in files.items():
        refused = next((one for one in refusals if one.startswith(f"{name} ")), None)
        found = Outcome(refused=refused) if refused else _landed(con, source, name)
        _count(counts, source, ending, outcome)
        if difference := _difference(outcome, found, ending):
            counts.mismatches.append(f"{where}, {name}: {difference}")
        (folder / name).unlink()


def _landed(con: duckdb.DuckDBPyConnection, source, name: str) -> Outcome:
    names = ", ".join(f'"{one.name}"' for one in source.columns)
    batch = con.execute(
        "select batch_id, rows_received, rows_loaded, rows_quarantined from ledger.batches where file = ?", [name]
    ).fetchall()
    if len(batch) != 1:
        return Outcome(bad={(0, f"{len(batch)} batches")})
    landed = con.execute(f"select _line, {names} from {source.relation} where _batch_id = ?", [batch[0][0]]).fetchall()
    rows = {line: tuple(row) for line, *row in landed}
    bad = con.execute("select line, column_name, raw from ledger.quarantine where file = ?", [name]).fetchall()
    lines = {line for line, *_ in bad}
    if batch[0][1:] != (len(rows) + len(lines), len(rows), len(lines)):
        return Outcome(bad={(0, f"counts {batch[0][1:]}")})
    return Outcome(None, rows, {(line, column) for line, column, _ in bad}, {line: raw for line, _, raw in bad})


def _difference(expected: Outcome, found: Outcome, ending: str) -> str | None:
    if bool(expected.refused) != bool(found.refused):
        return f"expected {expected.refused or 'to land'}, found {found.refused or 'landed'} {found.bad or ''}"
    if expected.refused:
        return None
    if expected.bad != found.bad:
        return f"quarantined {sorted(map(str, found.bad ^ expected.bad))}"
    # repr tells 0.0 from -0.0, and True from 1
    if repr(sorted(expected.rows.items())) != repr(sorted(found.rows.items())):
        odd = [(line, expected.rows.get(line), found.rows.get(line)) for line in {*expected.rows, *found.rows}]
        return f"rows {[one for one in odd if repr(one[1]) != repr(one[2])][:3]}"
    if ending.startswith("csv") and {line: expected.raw[line] for line in found.raw} != found.raw:
        return f"texts {found.raw}"
    return None


def _count(counts: Counts, source, ending: str, expected: Outcome) -> None:
    counts.files[ending] += 1
    counts.refused[ending] += bool(expected.refused)
    if not expected.refused:
        counts.rows[ending] += len(expected.rows)
        counts.quarantined[ending] += len({line for line, _ in expected.bad})
        types = {one.name: one.data_type for one in source.columns}
        for one in source.columns:
            counts.values[ending, one.data_type] += len(expected.rows)
        for _, column in expected.bad:
            if column:
                counts.bad_values[ending, types[column]] += 1
