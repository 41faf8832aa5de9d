"""A person is removed from every table, file, page and backup, nobody else is, and nothing brings the person back."""

from __future__ import annotations

import csv
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests import synthetic
from tests.clone import build, environment, flows

pytestmark = pytest.mark.slow

HISTORY, UNTIL, SERVED, LATER = "2026-02-24", "2026-02-26", "2026-02-27", "2026-02-28"
TEXT, NUMBER = replace(synthetic.SHOP, key="varchar"), synthetic.PLAIN
PERSON = {TEXT: "shop 1007", NUMBER: "1007"}
SAID = ("--by", "the officer", "--reason", "request 12", "--yes")
# What a purge itself adds rows to.
TOLD = {"ledger.runs", "ledger.purges", "ledger.file_checks", "landing.salt"}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two problems, a text and a number as key: served, replaced, in the shadow, remarked, published, backed up."""
    project = synthetic.plant(tmp_path_factory.mktemp("purge") / "project", TEXT, NUMBER)
    for kind in (TEXT, NUMBER):
        synthetic.write_visits(project / "data" / "landing", kind)
    at = "true,2026-02-20T10:00:00Z"
    bad = f"9{{n}},{{shop}},street,3,4.5,{at}\n8{{n}},{{shop}},street,many,4.5,{at}\n7{{n}},{{shop}},x\n"
    with (project / "data" / "landing" / "stall" / "visits" / "2026-02-20.csv").open("a") as file:
        file.write(bad.format(n=1, shop=1007) + bad.format(n=2, shop=1008))
    yml = next((project / "models" / "staging" / "stall").glob("*sources.yml"))
    yml.write_text(yml.read_text().replace("known_at: reported_at}", "known_at: reported_at, max_rejected_share: 0.5}"))
    flows(project, "replay", "--history", HISTORY, "--until", UNTIL)
    for kind in (TEXT, NUMBER):
        if not asked(project, f"select 1 from ledger.promotions where problem = '{kind.problem}'"):
            flows(project, "promote", "--problem", kind.problem, "--reason", "to see it serve")
        flows(project, "train", "--problem", kind.problem)
        flows(project, "shadow", "--problem", kind.problem, "--reason", "to see both")
    flows(project, "replay", "--until", SERVED)
    for kind in (TEXT, NUMBER):
        flows(project, "promote", "--problem", kind.problem, "--reason", "to see it replace")
        flows(project, "score", "--problem", kind.problem, "--again", HISTORY, SERVED, "--reason", "a better one")
        for shop in ("1007", "1008"):
            who = shop if kind is NUMBER else f"shop {shop}"
            flows(project, "feedback", "--problem", kind.problem, "--entity", who, "--as-of", "2026-02-26T00:00", 
                  "--label", "true",                  "--comment", f"of {who}", "--by", "a colleague")  # fmt: skip
    flows(project, "replay", "--until", LATER)
    flows(
        project,
        "feedback",
        "--problem",
        TEXT.problem,
        "--entity",
        PERSON[TEXT],
        "--as-of",
        "2026-02-26T00:00",
        "--comment",
        "waits",
        "--by",
        "b",
    )
    for kind in (TEXT, NUMBER):
        flows(project, "report", "--problem", kind.problem)
    flows(project, "publish")
    flows(project, "backup", "--to", str(project / "backups" / "monday"))
    return project


@pytest.fixture
def project(lived: Path, tmp_path: Path) -> Path:
    return shutil.copytree(lived, tmp_path / "project")


def asked(project: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def rows(file: Path) -> dict[str, list[dict]]:
    with duckdb.connect(str(file), read_only=True) as con:
        listed = con.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        found = {}
        for schema, table in listed:
            some = con.execute(f'from "{schema}"."{table}"')
            names = [one[0] for one in some.description]
            found[f"{schema}.{table}"] = [dict(zip(names, row, strict=True)) for row in some.fetchall()]
    return found


def is_of(kind: synthetic.Kind, table: str, row: dict) -> bool:
    """Whether a row is the person's, by what is known of these two problems and by nothing that the purge uses."""
    if kind is TEXT:
        return row.get("shop") == PERSON[kind] or row.get("entity_id") == PERSON[kind]
    own = table.split(".")[1].startswith(("stall", "int_stall"))
    return (own and row.get("shop") == 1007) or (row.get("problem") == kind.problem and row.get("entity_id") == "1007")


def texts(row: dict) -> tuple:
    return tuple((name, str(value)) for name, value in row.items())


def purge(project: Path, kind: synthetic.Kind, *more: str) -> str:
    """Purge the person; returns all that was said."""
    command = [sys.executable, "-m", "flows", "purge", "--problem", kind.problem, "--entity", PERSON[kind], *more]
    done = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def others_are_as_before(before: dict[str, list[dict]], after: dict[str, list[dict]], kind: synthetic.Kind) -> None:
    assert before.keys() <= after.keys() | TOLD
    for name in before.keys() & after.keys():
        expected = Counter(texts(row) for row in before[name] if not is_of(kind, name, row))
        found = Counter(map(texts, after[name]))
        if name == "ledger.quarantine":  # lines stay as counts, and one that may be the person's loses its text
            assert sum(expected.values()) == sum(found.values())
            assert not [row for row in after[name] if "1007" in str(row["raw"]) and row["source"].startswith(kind.source)]
        elif name in TOLD:
            assert not expected - found
        else:
            assert expected == found, name
    assert not [name for name, some in after.items() for row in some if is_of(kind, name, row)]


def bytes_with(folder: Path, text: str) -> list[Path]:
    return [
        file for file in folder.rglob("*") if file.is_file() and ".venv" not in file.parts and text.encode() in file.read_bytes()
    ]


@pytest.mark.parametrize("kind", [TEXT, NUMBER], ids=["a text", "a number"])
def test_a_look_says_what_it_would_remove_and_removes_nothing(project: Path, kind: synthetic.Kind) -> None:
    before = rows(project / "data" / "warehouse.duckdb")
    mine = {name: sum(is_of(kind, name, row) for row in some) for name, some in before.items()}
    said = purge(project, kind)
    for name, count in mine.items():
        assert not count or f"{count:,} rows of {name} would be removed" in said
    assert "landed files hold" in said and "nothing was changed" in said
    after = rows(project / "data" / "warehouse.duckdb")
    assert {name: Counter(map(texts, some)) for name, some in after.items() if name not in TOLD} == {
        name: Counter(map(texts, some)) for name, some in before.items() if name not in TOLD
    }
    for name in ("predictions", "cohort", "features"):
        assert mine[f"problems.{kind.problem}__{name}"]
    for name in ("ledger.replaced_predictions", "ledger.served", "landing.feedback__remarks"):
        assert mine[name], name


@pytest.mark.parametrize("kind", [TEXT, NUMBER], ids=["a text", "a number"])
def test_the_person_is_gone_from_every_table_and_everybody_else_is_as_before(project: Path, kind: synthetic.Kind) -> None:
    file = project / "data" / "warehouse.duckdb"
    before = rows(file)
    said = purge(project, kind, *SAID)
    assert "removed" in said and "learned from these rows" in said
    after = rows(file)
    others_are_as_before(before, after, kind)
    assert any(row["rows"] for row in after["ledger.purges"])
    for row in after["ledger.purges"]:
        assert (row["by_whom"], row["reason"]) == ("the officer", "request 12") and PERSON[kind] not in row["subject"]
        assert len(row["key_hash"]) == 64 and row["key_hash"].isalnum()
    assert sum(row["rows"] for row in after["ledger.purges"]) == sum(
        is_of(kind, name, row) for name, some in before.items() for row in some
    )
    with duckdb.connect(str(project / "published" / "analytics.duckdb"), read_only=True) as con:
        for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
            assert not [
                row
                for row in con.execute(f'select cast(t as varchar) from "{table}" as t').fetchall()
                if kind is TEXT and PERSON[kind] in row[0]
            ]
    for path in (project / "data" / "landing").rglob(f"{kind.source}/visits/*.csv"):
        with path.open() as handle:
            assert not [line for line in csv.DictReader(handle) if line["shop"] == PERSON[kind]], path
    # Said again, there is nothing to remove, and nothing changes.
    assert "no table holds this" in purge(project, kind, *SAID)
    others_are_as_before(before, rows(file), kind)


def test_no_byte_of_a_text_is_left_in_any_file_also_not_in_a_backup(project: Path) -> None:
    assert bytes_with(project, PERSON[TEXT])
    purge(project, TEXT, *SAID, "--backups", str(project / "backups"))
    assert bytes_with(project, PERSON[TEXT]) == []
    assert [path.name for path in (project / "backups").iterdir()] == ["monday"]
    backup = project / "backups" / "monday"
    flows(project, "restore", str(backup), "--into", str(project / "again"))
    assert bytes_with(project / "again", PERSON[TEXT]) == []


@pytest.mark.parametrize("kind", [TEXT, NUMBER], ids=["a text", "a number"])
def test_nothing_that_is_run_afterwards_brings_the_person_back(project: Path, tmp_path: Path, kind: synthetic.Kind) -> None:
    landing, file = project / "data" / "landing", project / "data" / "warehouse.duckdb"
    folder = landing / kind.source / "visits"
    delivered = {one.name: one.read_text() for one in folder.glob("*.csv")}
    purge(project, kind, *SAID)
    # Under other names: a file as it was, and what was ever delivered of the person with a row that nobody has seen.
    (folder / "again.csv").write_text(delivered[max(name for name in delivered if name < "2026-02-28")])
    header = next(iter(delivered.values())).splitlines()[0]
    mine = [line for text in delivered.values() for line in text.splitlines() if f",{PERSON[kind]}," in line]
    mine = [line for line in mine if line.count(",") == 6 and "many" not in line and line.rsplit(",", 1)[1] < "2026-02-28"]
    lines = [header, *mine, f"999999,{PERSON[kind]},web,1,2.5,true,2026-02-20T00:00:00Z"]
    (folder / "more.csv").write_text("\n".join(lines) + "\n")
    flows(project, "replay", "--until", "2026-03-01")
    flows(project, "verify")
    flows(project, "recover")
    flows(project, "monitor")
    done = subprocess.run(
        [sys.executable, "-m", "flows", "doctor"], cwd=project, env=environment(), capture_output=True, text=True
    )
    assert not [line for line in done.stderr.splitlines() if "landed" in line or "predictions" in line or "lacks" in line], (
        done.stderr
    )
    flows(project, "backup", "--to", str(tmp_path / "backup"))
    shutil.rmtree(project / "target", ignore_errors=True)  # what dbt parsed lay elsewhere, and so do its seeds
    assert set(build(project, "build", "--full-refresh")) <= {"success", "pass", "no-op"}
    flows(project, "score", "--problem", kind.problem)
    assert not [name for name, some in rows(file).items() for row in some if is_of(kind, name, row)]
    flows(project, "restore", str(tmp_path / "backup"), "--into", str(tmp_path / "other"))
    assert not [
        name for name, some in rows(tmp_path / "other" / "warehouse.duckdb").items() for row in some if is_of(kind, name, row)
    ]
    # Begun anew from the landed files alone; what the sender delivered again by hand is the sender's.
    for one in [*file.parent.glob("warehouse.duckdb*"), folder / "again.csv", folder / "more.csv"]:
        one.unlink()
    flows(project, "replay", "--history", HISTORY, "--until", UNTIL)
    assert not [name for name, some in rows(file).items() for row in some if is_of(kind, name, row)]


def test_a_purge_that_is_killed_is_finished_by_the_same_command(project: Path) -> None:
    before, chance = rows(project / "data" / "warehouse.duckdb"), random.Random(5)
    command = [
        sys.executable,
        "-m",
        "flows",
        "purge",
        "--problem",
        TEXT.problem,
        "--entity",
        PERSON[TEXT],
        *SAID,
        "--backups",
        "backups",
    ]
    seen, said = 0, ""
    while True:
        with subprocess.Popen(
            command, cwd=project, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as running:
            try:
                running.wait(4 + seen * 2 + chance.random())
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.wait()
                seen += 1
                begun = asked(project, "from ledger.purges") if (project / "data" / "warehouse.duckdb").exists() else []
                if begun and not said:
                    said = flows(project, "doctor", code=1)
                    assert "was cut off" in said
                continue
            assert running.returncode == 0, running.stderr.read()
            break
    assert seen
    others_are_as_before(before, rows(project / "data" / "warehouse.duckdb"), TEXT)
    assert bytes_with(project, PERSON[TEXT]) == []
    flows(project, "verify")


def test_who_comes_anew_after_a_purge_is_new(project: Path) -> None:
    purge(project, NUMBER, *SAID)
    (project / "data" / "landing" / "stall" / "visits" / "new.csv").write_text(
        "visit_id,shop,channel,items,spent,member,reported_at\n999999,1007,web,1,2.5,true,2026-02-28T12:00:00Z\n"
    )
    flows(project, "replay", "--until", "2026-03-01")
    assert asked(project, "select visit_id from landing.stall__visits where shop = 1007") == [(999999,)]


def test_a_column_of_a_source_is_another_way_to_name_a_person(project: Path) -> None:
    before = rows(project / "data" / "warehouse.duckdb")
    flows(project, "purge", "--column", "shop.visits.shop", "--key", PERSON[TEXT], *SAID)
    others_are_as_before(before, rows(project / "data" / "warehouse.duckdb"), TEXT)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--entity", "shop 1007", "--yes"), "--by and --reason"),
        (("--entity", "shop 1007", "--by", "x", "--reason", "of shop 1007", "--yes"), "leave the key out"),
        (("--entity", "  "), "the key is empty"),
        ((), "say whom"),
        (("--column", "shop.visits.shop"), "go together"),
        (("--column", "shop.visits.nobody", "--key", "1"), "declares no column 'nobody'"),
        (("--column", "nobody.here.shop", "--key", "1"), "no source is declared as 'nobody.here'"),
        (("--problem", "nobody", "--entity", "1"), "does not name 'nobody'"),
        (("--entity", "1", "--by", "x", "--reason", "y", "--yes", "--backups", "models"), "holds no backup"),
    ],
)
def test_what_is_not_said_well_is_refused_in_a_sentence(lived: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in flows(lived, "purge", *arguments, code=1)


def test_an_older_copy_of_the_file_is_refused_because_the_journal_knows_of_the_purge(project: Path, tmp_path: Path) -> None:
    shutil.copy(project / "data" / "warehouse.duckdb", tmp_path)
    purge(project, NUMBER, *SAID)
    time.sleep(0.01)
    shutil.copy(tmp_path / "warehouse.duckdb", project / "data" / "warehouse.duckdb")
    assert "purge of entity of stall_sale" in flows(project, "status", code=1)
