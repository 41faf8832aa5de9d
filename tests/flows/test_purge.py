"""A person is removed from every table, file, page and backup, nobody else is, and nothing brings the person back."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from tests import forked, synthetic
from tests.clone import build, environment, flows
from tests.verbs import in_turn

pytestmark = pytest.mark.slow

HISTORY, SERVED, LATER = "2026-02-24", "2026-02-25", "2026-02-26"
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
    of = {kind: ("--problem", kind.problem) for kind in (TEXT, NUMBER)}

    def for_each(*verb: str) -> list[tuple[str, ...]]:
        return [(verb[0], *problem, *verb[1:]) for problem in of.values()]

    in_turn(
        project,
        *(("land", "--until", HISTORY, "--step", "month"), ("build",)),
        *(*for_each("train"), *for_each("promote", "--reason", "to see it serve")),
        *(("land", "--until", SERVED), ("build",), *for_each("score")),
        *(*for_each("train"), *for_each("shadow", "--reason", "to see both")),
        *(
            remark(kind, who, "--label", "true", "--comment", f"of {who}", "--by", "a colleague")
            for kind in of
            for who in (PERSON[kind], PERSON[kind].replace("1007", "1008"))
        ),
        *(("land", "--until", LATER), ("build",), *for_each("score")),
        *for_each("promote", "--reason", "to see it replace"),
        *for_each("score", "--again", HISTORY, LATER, "--reason", "a better one"),
        *(("build",), ("monitor", "--no-tests"), remark(TEXT, PERSON[TEXT], "--comment", "waits", "--by", "b")),
        *(("publish",), ("backup", "--to", str(project / "backups" / "monday"))),
    )
    assert all((project / "published" / "reports" / f"{kind.problem}.html").exists() for kind in of)
    return project


def remark(kind: synthetic.Kind, who: str, *said: str) -> tuple[str, ...]:
    return ("feedback", "--problem", kind.problem, "--entity", who, "--as-of", "2026-02-24T00:00", *said)


@dataclass
class Purge:
    """What a purge of a person said, and the tables before and after it; and the same of a look before, and of a second one."""

    before: dict[str, list[dict]]
    looked: str
    seen: dict[str, list[dict]]
    said: str
    after: dict[str, list[dict]]
    again: str
    then: dict[str, list[dict]]


@pytest.fixture(scope="module")
def project(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the persons are purged, by `purges`."""
    return shutil.copytree(lived, tmp_path_factory.mktemp("purged") / "project")


@pytest.fixture(scope="module")
def purges(project: Path) -> dict[synthetic.Kind, Purge]:
    """The person of one problem is removed, from the backups as well, then that of the other."""
    file, found = project / "data" / "warehouse.duckdb", {}
    for kind, more in ((TEXT, ("--backups", str(project / "backups"))), (NUMBER, ())):
        before, looked, seen = rows(file), purge(project, kind), rows(file)
        said, after = purge(project, kind, *SAID, *more), rows(file)
        found[kind] = Purge(before, looked, seen, said, after, purge(project, kind, *SAID), rows(file))
    return found


@pytest.fixture
def gone(project: Path, purges: dict[synthetic.Kind, Purge], tmp_path: Path) -> Path:
    """A copy of the project in which both are purged, to change."""
    return shutil.copytree(project, tmp_path / "gone")


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
    words = ["-m", "flows", "purge", "--problem", kind.problem, "--entity", PERSON[kind], *more]
    done = forked.run(words, project, environment())
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


each_kind = pytest.mark.parametrize("kind", [TEXT, NUMBER], ids=["a text", "a number"])


@each_kind
def test_a_look_says_what_it_would_remove_and_removes_nothing(purges: dict[synthetic.Kind, Purge], kind: synthetic.Kind) -> None:
    one = purges[kind]
    mine = {name: sum(is_of(kind, name, row) for row in some) for name, some in one.before.items()}
    for name, count in mine.items():
        assert not count or f"{count:,} rows of {name} would be removed" in one.looked
    assert "landed files hold" in one.looked and "nothing was changed" in one.looked
    assert {name: Counter(map(texts, some)) for name, some in one.seen.items() if name not in TOLD} == {
        name: Counter(map(texts, some)) for name, some in one.before.items() if name not in TOLD
    }
    for name in ("predictions", "cohort", "features"):
        assert mine[f"problems.{kind.problem}__{name}"]
    for name in ("ledger.replaced_predictions", "ledger.served", "ledger.shadow_predictions", "landing.feedback__remarks"):
        assert mine[name], name


@each_kind
def test_the_person_is_gone_from_every_table_and_everybody_else_is_as_before(
    project: Path, purges: dict[synthetic.Kind, Purge], kind: synthetic.Kind
) -> None:
    one = purges[kind]
    assert "removed" in one.said and "learned from these rows" in one.said
    others_are_as_before(one.before, one.after, kind)
    earlier = one.before.get("ledger.purges", [])
    purged = [row for row in one.after["ledger.purges"] if row not in earlier]
    assert any(row["rows"] for row in purged)
    for row in purged:
        assert (row["by_whom"], row["reason"]) == ("the officer", "request 12") and PERSON[kind] not in row["subject"]
        assert len(row["key_hash"]) == 64 and row["key_hash"].isalnum()
    assert sum(row["rows"] for row in purged) == sum(is_of(kind, name, row) for name, some in one.before.items() for row in some)
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
    assert "no table holds this" in one.again
    others_are_as_before(one.before, one.then, kind)


def test_no_byte_of_a_text_is_left_in_any_file_also_not_in_a_backup(lived: Path, gone: Path) -> None:
    assert bytes_with(lived, PERSON[TEXT])
    assert bytes_with(gone, PERSON[TEXT]) == []
    assert [path.name for path in (gone / "backups").iterdir()] == ["monday"]
    flows(gone, "restore", str(gone / "backups" / "monday"), "--into", str(gone / "again"))
    assert bytes_with(gone / "again", PERSON[TEXT]) == []


def test_nothing_that_is_run_afterwards_brings_a_person_back_and_who_comes_anew_is_new(
    lived: Path, gone: Path, tmp_path: Path
) -> None:
    """Under other names a file comes as it was, and what was ever delivered of the person with a row that nobody has seen."""
    landing, file = gone / "data" / "landing", gone / "data" / "warehouse.duckdb"
    handed = []
    for kind in (TEXT, NUMBER):
        folder = landing / kind.source / "visits"
        delivered = {one.name: one.read_text() for one in (lived / "data" / "landing" / kind.source / "visits").glob("*.csv")}
        (folder / "again.csv").write_text(delivered[max(name for name in delivered if name < LATER)])
        header = next(iter(delivered.values())).splitlines()[0]
        mine = [line for text in delivered.values() for line in text.splitlines() if f",{PERSON[kind]}," in line]
        mine = [line for line in mine if line.count(",") == 6 and "many" not in line and line.rsplit(",", 1)[1] < LATER]
        lines = [header, *mine, f"999999,{PERSON[kind]},web,1,2.5,true,2026-02-20T00:00:00Z"]
        (folder / "more.csv").write_text("\n".join(lines) + "\n")
        handed += [folder / "again.csv", folder / "more.csv"]
    in_turn(gone, ("replay", "--until", "2026-02-27"), ("verify",), ("recover",))
    done = forked.run(["-m", "flows", "doctor"], gone, environment())
    assert not [line for line in done.stderr.splitlines() if "landed" in line or "predictions" in line or "lacks" in line], (
        done.stderr
    )
    nobody_is_left(file)
    flows(gone, "backup", "--to", str(tmp_path / "backup"))
    shutil.rmtree(gone / "target", ignore_errors=True)  # what dbt parsed lay elsewhere, and so do its seeds
    whole = build(gone, "build", "--full-refresh", "--exclude-resource-type", "unit_test")
    assert set(whole) <= {"success", "pass", "no-op"}
    in_turn(
        gone,
        *(("score", "--problem", kind.problem) for kind in (TEXT, NUMBER)),
        ("restore", str(tmp_path / "backup"), "--into", str(tmp_path / "other")),
    )
    nobody_is_left(file)
    nobody_is_left(tmp_path / "other" / "warehouse.duckdb")
    handed.append(landing / NUMBER.source / "visits" / "new.csv")
    handed[-1].write_text(
        "visit_id,shop,channel,items,spent,member,reported_at\n999998,1007,web,1,2.5,true,2026-02-27T12:00:00Z\n"
    )
    in_turn(gone, ("land", "--until", "2026-02-28"), ("build",))
    assert asked(gone, "select visit_id from landing.stall__visits where shop = 1007") == [(999998,)]
    # Begun anew from the landed files alone; what the sender delivered again by hand is the sender's.
    for one in [*file.parent.glob("warehouse.duckdb*"), *handed]:
        one.unlink()
    in_turn(gone, ("land", "--until", LATER), ("build",))
    assert asked(gone, "select count(*) > 20 from problems.big_sale__cohort") == [(True,)]
    nobody_is_left(file)


def nobody_is_left(file: Path) -> None:
    """No row of a warehouse is of one of them."""
    found = rows(file).items()
    assert [(kind.problem, name) for name, some in found for row in some for kind in PERSON if is_of(kind, name, row)] == []


# Where a purge dies: before the first such thing that it does to a file of this name, or so many seconds later.
KILLED = (
    ("open a+", "data/warehouse.duckdb.journal", 0.0),  # the rows are gone, and the journal does not know it
    ("os.rename", "data/landing/shop/visits/", 0.0),  # the ledger knows a file that is not there yet
    ("os.mkdir", "rewritten", 0.1),
    ("os.rename", "published/analytics.duckdb", 0.0),
    ("os.rename", "backups/monday", 0.0),
    ("os.rename", "purging/backup > backups/monday", 0.0),  # the old backup is away, the new one not in its place
)
DYING = """
import json, os, signal, sys, threading
from flows.cli.main import cli
from flows.runtime import dbt
import flows.purging
words, places = json.loads(sys.argv[1])
dbt.manifest()

def die_at(what, name, seconds):
    def hook(event, arguments):
        if event == "open":
            event = f"open {arguments[1]}"
        if event == what and all(any(part in str(one) for one in arguments[:2]) for part in name.split(" > ")):
            threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start() if seconds else os.kill(os.getpid(), 9)
    sys.addaudithook(hook)

for place in places:
    if not (child := os.fork()):
        die_at(*place)
        cli(words)
    ended = os.waitpid(child, 0)[1]
    print(json.dumps([os.WIFSIGNALED(ended) and os.WTERMSIG(ended), place]), flush=True)
"""


def test_a_purge_by_a_column_that_is_killed_wherever_it_is_is_finished_by_the_same_command(lived: Path, tmp_path: Path) -> None:
    project = shutil.copytree(lived, tmp_path / "project")
    before = rows(project / "data" / "warehouse.duckdb")
    words = ["purge", "--column", "shop.visits.shop", "--key", PERSON[TEXT], *SAID, "--backups", "backups"]
    died = forked.run(["-c", DYING, json.dumps([words, KILLED])], project, environment())
    assert [json.loads(line) for line in died.stdout.splitlines() if line[0] == "["] == [
        [signal.SIGKILL, list(place)] for place in KILLED
    ], died.stderr
    assert "was cut off" in flows(project, "doctor", code=1)
    flows(project, *words)
    others_are_as_before(before, rows(project / "data" / "warehouse.duckdb"), TEXT)
    assert bytes_with(project, PERSON[TEXT]) == []
    flows(project, "verify")


REFUSED = [
    (("--entity", "shop 1007", "--yes"), "--by and --reason"),
    (("--entity", "shop 1007", "--by", "x", "--reason", "of shop 1007", "--yes"), "leave the key out"),
    (("--entity", "  "), "the key is empty"),
    ((), "say whom"),
    (("--column", "shop.visits.shop"), "go together"),
    (("--column", "shop.visits.nobody", "--key", "1"), "declares no column 'nobody'"),
    (("--column", "nobody.here.shop", "--key", "1"), "no source is declared as 'nobody.here'"),
    (("--problem", "nobody", "--entity", "1"), "does not name 'nobody'"),
    (("--entity", "1", "--by", "x", "--reason", "y", "--yes", "--backups", "models"), "holds no backup"),
]


def test_what_is_not_said_well_is_refused_in_a_sentence(lived: Path) -> None:
    each = (
        "import json, sys\nfrom click.testing import CliRunner\nfrom flows.cli.main import cli\n"
        "done = [CliRunner().invoke(cli, ['purge', *one]) for one in json.loads(sys.argv[1])]\n"
        "print(json.dumps([[one.exit_code, one.stderr] for one in done]))"
    )
    done = forked.run(["-c", each, json.dumps([arguments for arguments, _ in REFUSED])], lived, environment())
    assert done.returncode == 0, done.stderr
    for (code, said), (arguments, told) in zip(json.loads(done.stdout), REFUSED, strict=True):
        assert code == 1 and told in said, arguments


def test_an_older_copy_of_the_file_is_refused_because_the_journal_knows_of_the_purge(lived: Path, gone: Path) -> None:
    shutil.copy(lived / "data" / "warehouse.duckdb", gone / "data" / "warehouse.duckdb")
    assert "purge of entity of stall_sale" in flows(gone, "status", code=1)
