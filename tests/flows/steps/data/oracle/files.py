"""Random files of every format, each with the outcome that it should have."""

from __future__ import annotations

import gzip
import io
import json
import math
from datetime import date, datetime, timedelta
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from checks.landing import LandingSource
from tests.flows.steps.data.oracle import values
from tests.flows.steps.data.oracle.reader import Outcome, read_csv, settle
from tests.flows.steps.data.oracle.texts import text


def csv_file(source: LandingSource, random: Random) -> tuple[bytes, Outcome]:
    """A CSV, plain or packed; one in three is damaged in some way."""
    ending, delimiter = random.choice(["\n", "\n", "\r\n"]), source.delimiter
    headers = {column: header for header, column in source.rename}
    columns = random.sample(source.columns, len(source.columns))
    lines = [delimiter.join(_quoted(headers.get(one.name, one.name), delimiter, random) for one in columns)]
    for _ in range(random.choice([1, 3, 20, 60])):
        cells = [random.choice(source.null or ("",)) if random.random() < 0.1 else text(one, random) for one in columns]
        lines.append(delimiter.join(_quoted(cell, delimiter, random) for cell in cells))
    data = (ending.join(lines) + random.choice([ending, ""])).encode()
    data = _damaged(data, source, random) if random.random() < 0.33 else data
    return (gzip.compress(data, 1) if source.format == "csv.gz" else data), read_csv(source, data)


def _quoted(cell: str, delimiter: str, random: Random) -> str:
    if random.random() < 0.2 or any(mark in cell for mark in ('"', "\n", "\r", delimiter)):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _damaged(data: bytes, source: LandingSource, random: Random) -> bytes:
    head = data.index(b"\n") + 1 if b"\n" in data else len(data)
    at = random.randint(head, len(data))
    put = random.choice([
        b'"', b'"', b'""', b"\n", b"\n\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xe9", source.delimiter.encode(),
        b"\xef\xbb\xbf", b"bom", b"wide",
        b"cut", b"two",
    ])  # fmt: skip
    if put == b"bom":
        return b"\xef\xbb\xbf" + data
    if put == b"wide":
        return data.decode("utf-8").encode("utf-16")
    if put == b"cut":
        return data[:at]
    if put == b"two":
        # two strays may balance each other
        other = random.randint(head, len(data))
        first, second = sorted((at, other))
        return data[:first] + b'"' + data[first:second] + b'"' + data[second:]
    return data[:at] + put + data[at:]


def jsonl_file(source: LandingSource, random: Random) -> tuple[bytes, Outcome]:
    """JSON lines; what each value is was known before it was written."""
    headers = {column: header for header, column in source.rename}
    outcome, lines, longest = Outcome(), [], 0
    for number in range(1, random.choice([2, 5, 30, 60])):
        tokens, cells, wrong = [], {}, set()
        for one in source.columns:
            token, cell = _token(one, source, random)
            tokens.append(f"{json.dumps(headers.get(one.name, one.name), ensure_ascii=random.random() < 0.5)}: {token}")
            cells[one.name] = cell
            if cell is Ellipsis:
                wrong.add(one.name)
        random.shuffle(tokens)
        line = "{" + ", ".join(tokens) + "}"
        whole = random.random()
        if number > 1 and whole < 0.06:
            line = random.choice(
                [
                    "[1]",
                    "1",
                    "null",
                    "{broken",
                    line + ",",
                    line[:-1],
                    '{"other": 1}',
                    line[:-1] + ", " + tokens[0] + "}",
                    "\ud800",
                ]
            )
            outcome.bad.add((number, None))
        elif wrong:
            # the first value of another kind is enough
            outcome.bad.add((number, next(one.name for one in source.columns if one.name in wrong)))
        elif whole > 0.95:
            line = random.choice(["", "  "])
        else:
            settle(source, outcome, number, cells)
            longest = max([longest, *(len(cell) for cell in cells.values() if isinstance(cell, str))])
        lines.append(line)
    data = "\n".join(lines).encode("utf-8", "surrogatepass") + b"\n" * random.randrange(2)
    if not outcome.rows and not outcome.bad:
        outcome.refused = "no rows"
    if longest > source.limits.field_characters:
        outcome.refused = "a field without end"
    return data, outcome


def _token(one, source: LandingSource, random: Random):
    """A JSON token and the text that it stands for; None for null, … for a value of another kind."""
    number = one.data_type in ("smallint", "integer", "bigint", "double")
    draw = random.random()
    if draw < 0.08:
        return "null", None
    if draw < 0.14:
        token = random.choice(["[1]", "{}", '{"a": 1}', "[]", "true", "1", "1.5", "NaN", "-Infinity"])
        if token == "true" and one.data_type == "boolean":
            return token, one.written.true_values[0]
        if number and token in ("1", "1.5", "NaN", "-Infinity") and not (one.data_type != "double" and token != "1"):
            return token, token.replace(".", one.written.decimal)
        return token, ...
    if number and draw < 0.6:
        value = (
            random.choice([random.randint(-200, 200), random.randint(-(10**12), 10**12)])
            if one.data_type != "double"
            else random.uniform(-1e6, 1e6)
        )
        return repr(value), repr(value).replace(".", one.written.decimal)
    if one.data_type == "boolean" and draw < 0.6:
        value = random.random() < 0.5
        return str(value).lower(), (one.written.true_values if value else one.written.false_values)[0]
    cell = text(one, random)
    if len(cell) > source.limits.field_characters:
        cell = cell[: source.limits.field_characters]
    if random.random() < 0.02:
        return json.dumps(cell + "\0"), cell + "\0"
    if random.random() < 0.02:
        return json.dumps("\ud800"), ...
    return json.dumps(cell, ensure_ascii=random.random() < 0.5), None if cell in source.null else cell


def parquet_file(source: LandingSource, random: Random) -> tuple[bytes, Outcome]:
    """Parquet: each column in an Arrow type that its declaration takes, now and then in one that it does not."""
    headers = {column: header for header, column in source.rename}
    rows, arrays, cells, refused = random.choice([1, 10, 60]), {}, {}, None
    for one in random.sample(source.columns, len(source.columns)):
        if random.random() < 0.02:
            arrays[one.name], cells[one.name] = pa.array([[1]] * rows), [None] * rows
            refused = "a list"
        else:
            arrays[one.name], cells[one.name] = _column(one, rows, random)
    table = pa.table({headers.get(name, name): array for name, array in arrays.items()})
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=random.choice([7, 1000]), version="2.6")
    outcome = Outcome(refused=refused)
    for at in range(rows):
        row, bad = [], set()
        for one in source.columns:
            cell = cells[one.name][at]
            try:
                row.append(_value(one, cell))
            except values.Bad:
                bad.add((at + 1, one.name))
        outcome.bad |= bad
        if not bad:
            outcome.rows[at + 1] = tuple(row)
    longest = max((len(cell) for column in cells.values() for cell in column if isinstance(cell, str)), default=0)
    if longest > source.limits.field_characters:
        outcome.refused = "a field without end"
    return sink.getvalue(), outcome


def _value(one, cell):
    if cell is None:
        if one.required:
            raise values.Bad("null")
        return None
    if isinstance(cell, str):
        return values.read(one, cell)
    if cell is Ellipsis:
        raise values.Bad("not exact")
    low, high = one.bounds
    if isinstance(cell, float) and not math.isfinite(cell):
        raise values.Bad("not finite")
    if isinstance(cell, int) and not isinstance(cell, bool) and one.data_type in values.RANGES:
        values.read(one, str(cell))
    if (low is not None and cell < low) or (high is not None and cell > high) or (one.values and cell not in one.values):
        raise values.Bad("not accepted")
    return cell


def _column(one, rows: int, random: Random) -> tuple[pa.Array, list]:
    """An Arrow array and what its values are: Python values, texts, None, or … where they are not exact."""
    kind, holes = one.data_type, [random.random() < 0.1 for _ in range(rows)]
    if kind == "varchar" or random.random() < 0.3:
        found = [None if hole else text(one, random) for hole in holes]
        arrow = random.choice([pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
        return pa.array(found, pa.string()).cast(arrow), found
    if kind in values.RANGES:
        arrow = random.choice([pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint64()])
        most = min(2 ** (arrow.bit_width - 1) - 1, random.choice([100, 2**62]))
        found = [None if hole else random.randint(0 if arrow == pa.uint64() else -most, most) for hole in holes]
        return pa.array(found, arrow), found
    if kind == "double":
        if random.random() < 0.3:
            whole = [
                None if hole else random.choice([random.randint(-999, 999), 2**53 + random.randint(-2, 2)]) for hole in holes
            ]
            return pa.array(whole, pa.int64()), [v if v is None else float(v) if int(float(v)) == v else ... for v in whole]
        found = [None if hole else random.choice([random.gauss(0, 1e3), 0.0, -0.0, math.nan, math.inf, 5e-324]) for hole in holes]
        arrow = random.choice([pa.float32(), pa.float64()])
        array = pa.array(found, pa.float64(), from_pandas=False).cast(arrow, safe=False)
        return array, array.to_pylist()
    if kind == "boolean":
        found = [None if hole else random.random() < 0.5 for hole in holes]
        return pa.array(found, pa.bool_()), found
    if kind == "date":
        found = [None if hole else date(1890, 1, 1) + timedelta(days=random.randrange(120_000)) for hole in holes]
        return pa.array(found, pa.date32()), found
    return _instants(one, holes, random)


def _instants(one, holes: list[bool], random: Random) -> tuple[pa.Array, list]:
    unit, zone = random.choice(["s", "ms", "us", "ns"]), random.choice([None, "UTC", "America/New_York"])
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    ticks = [None if hole else random.randint(-(10**9), 4 * 10**9) * scale + random.randrange(scale) for hole in holes]
    found = []
    for tick in ticks:
        if tick is None:
            found.append(None)
            continue
        at = datetime(1970, 1, 1) + timedelta(microseconds=-(-tick * 10**6 // scale))
        try:
            found.append(at if zone else values.local(one.written.timezone, at))
        except values.Bad:
            found.append(...)
    return pa.array(ticks, pa.timestamp(unit, zone)), found
