"""What dbt parsed is kept on the disk for as long as the project is the same, and never for longer."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from flows.runtime import parsed_project
from tests import synthetic
from tests.clone import environment

FILES = {
    "dbt_project.yml": "name: shops\nmacro-paths: [macros, more]\n",
    "profiles.yml": "path: \"{{ env_var('ASOF_WAREHOUSE', 'w') }}\"\n",
    "models/staging/stg_shop.sql": "select 1 as shop\n",
    "models/staging/_stg.yml": "models: []\n",
    "macros/half.sql": "{% macro half() %}0.5{% endmacro %}\n",
    "more/third.sql": "{% macro third() %}0.3{% endmacro %}\n",
    "seeds/shops.csv": "shop\n1\n",
    "tests/one.sql": "select 1\n",
    "dbt_packages/others/macros/a.sql": "{% macro a() %}{{ env_var(\"REGION\", '') }}{% endmacro %}\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(parsed_project, "PROJECT", tmp_path)
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_any_file_that_dbt_reads_is_noticed_when_it_is_edited_or_gone(project: Path, name: str) -> None:
    before = parsed_project.digest({})
    assert before == parsed_project.digest({})
    (project / name).write_text(FILES[name] + "\n")
    edited = parsed_project.digest({})
    (project / name).write_text(FILES[name])
    assert edited != before == parsed_project.digest({})
    if name != "dbt_project.yml":
        (project / name).unlink()
        assert parsed_project.digest({}) not in (before, edited)


@pytest.mark.parametrize("name", ["models/new.sql", "packages.yml", ".dbtignore", "more/new.sql"])
def test_so_is_a_file_that_is_new_or_has_another_name(project: Path, name: str) -> None:
    before = parsed_project.digest({})
    (project / name).write_text("")
    new = parsed_project.digest({})
    (project / name).rename(project / f"models/{name.replace('/', '_')}.sql")
    assert len({before, new, parsed_project.digest({})}) == 3


def test_variables_count_that_the_project_or_dbt_reads_and_no_others(project: Path) -> None:
    given = {"REGION": "north", "ASOF_WAREHOUSE": "a"}
    before = parsed_project.digest(given)
    assert before == parsed_project.digest(given | {"HOME": "/x", "DBT_TARGET_PATH": "/y"})
    others = [given | {"REGION": "south"}, given | {"ASOF_WAREHOUSE": "b"}, given | {"DBT_TARGET": "dev"}, {"REGION": "north"}]
    assert len({before, *map(parsed_project.digest, others)}) == 5


def test_nothing_is_kept_of_a_project_that_names_variables_by_an_expression(project: Path) -> None:
    (project / "macros" / "half.sql").write_text("{% macro half(name) %}{{ env_var(name) }}{% endmacro %}")
    assert parsed_project.digest({}) is None


def test_what_was_written_is_read_under_its_own_digest_alone(project: Path) -> None:
    assert parsed_project.read("a") is None
    parsed_project.write("a", parsed_project.text({"nodes": {"é": [1, None, 0.5, date(2026, 1, 5)]}}))
    assert parsed_project.read("a") == {"nodes": {"é": [1, None, 0.5, "2026-01-05"]}}
    assert parsed_project.read("b") is None
    parsed_project.write("b", b"{}")
    assert parsed_project.read("a") is None
    assert [one.name for one in (project / "target").iterdir()] == [parsed_project.NAME]


def test_a_torn_or_damaged_file_is_as_good_as_none_and_is_written_again(project: Path) -> None:
    parsed_project.write("a", b'{"nodes": {"shop": 1}}')
    file = project / "target" / parsed_project.NAME
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert parsed_project.read("a") is None
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert parsed_project.read("a") is None
    parsed_project.write("a", b'{"nodes": {"shop": 1}}')
    assert file.read_bytes() == whole


def test_dbt_need_not_look_only_where_it_keeps_what_it_kept_then(project: Path) -> None:
    (project / "target").mkdir()
    of_dbt = project / "target" / parsed_project.OF_DBT
    of_dbt.write_bytes(b"one")
    parsed_project.write("a", b"{}")
    assert parsed_project.is_dbts("a") and not parsed_project.is_dbts("b")
    of_dbt.write_bytes(b"another")
    assert not parsed_project.is_dbts("a") and parsed_project.read("a") == {}
    of_dbt.unlink()
    assert not parsed_project.is_dbts("a")


def test_a_disk_that_takes_nothing_stops_nobody(project: Path) -> None:
    (project / "target").write_text("a file where a folder must be")
    parsed_project.write("a", b"{}")
    assert parsed_project.read("a") is None


TOLD = """
import json, sys
from flows.runtime import dbt, parsed_project

def undated(part):
    # when dbt has read a file says nothing of what is in it
    if isinstance(part, dict):
        return {key: undated(one) for key, one in part.items() if key not in ("created_at", "metadata")}
    return [undated(one) for one in part] if isinstance(part, list) else part

manifest = dbt.manifest_dict()
imported = "dbt.cli.main" in sys.modules
assert parsed_project.read(parsed_project.digest(dbt._home())) == manifest, "what is kept is another one"
anew = undated(json.loads(parsed_project.text(dbt.manifest().to_dict(omit_none=False)))) if sys.argv[1:] else {}
differing = [key for key in anew if anew[key] != undated(manifest[key])] or None
node = manifest["nodes"]["model.asof.stg_shop__visits"]
print(json.dumps([imported, differing, node["description"], dbt.checksum()]))
"""


def told(project: Path, *arguments: str) -> list:
    done = subprocess.run(
        [sys.executable, "-c", TOLD, *arguments], cwd=project, env=environment(), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_project_is_parsed_once_and_again_when_it_was_edited(tmp_path: Path) -> None:
    project = synthetic.plant(tmp_path / "project")
    for part in ("models/monitoring", "models/marts", "tests/dbt"):  # what nothing here stands on
        for file in (project / part).rglob("*"):
            if file.suffix in (".sql", ".yml"):
                file.unlink()
    first = told(project)
    assert first[0]
    assert told(project) == [False, *first[1:]]
    yml = project / "models" / "staging" / "shop" / "_shop__models.yml"
    yml.write_text(yml.read_text().replace("One row per visit.", "edited"))
    of_dbt = project / "target" / parsed_project.OF_DBT
    older = of_dbt.read_bytes()
    edited = told(project)
    assert edited[0] and edited[2] == "edited"
    assert told(project, "compared") == [False, *edited[1:]]
    of_dbt.write_bytes(older)
    assert told(project, "compared") == [False, *edited[1:]]
    model = project / "models" / "staging" / "shop" / "stg_shop__visits.sql"
    model.write_text(model.read_text() + "\n-- more\n")
    assert told(project)[3] not in (first[3], edited[3])
