"""The example goes as a whole: what its list names, what is marked, and links to what is gone; nothing else is touched."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from flows.runtime import example
from flows.runtime.example import Example
from ml.errors import AsofError
from tests.clone import cloned
from tests.conftest import PROJECT

SMALL = Example(("lost",), ("lost-data",), ("models/lost", "docs/lost.md"), "The lost", ("losing",))
FILES = {
    "example.yml": "problems: [lost]\npackages: [lost-data]\nfiles: [models/lost, docs/lost.md]\n"
    "called: The lost\nwords: [losing]\n",
    "docs/told.md": "# Told\n\nOf losing.\n",
    "models/lost/lost__cohort.sql": "select 1",
    "docs/lost.md": "# Lost",
    "docs/kept.md": "# Kept\n\n[gone](lost.md), ![picture](lost.svg)[here](#kept) and [nowhere](#what-went), [web](https://a.b/lost.md)\n",
    "dbt_project.yml": "vars:\n  problems: [lost, mine]\n  # example\n  zone: x\n  # /example\n  last: 1\n",
    "pyproject.toml": 'dependencies = [\n    "kept==1",\n    "lost-data==0.1",   # the data\n]\n',
    "requirements.lock": "kept==1 \\\n    --hash=sha256:aa\n"
    "lost-data==0.1 \\\n    --hash=sha256:bb\n    # via asof\nmore==2 \\\n    --hash=sha256:cc\n",
    "README.md": "# R\n\n<!-- example -->\nlost\n<!-- /example -->\n\n| kept |\n| lost <!-- example --> |\n",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_belongs_to_the_example_goes_and_the_rest_stays_as_it_was(small: Path) -> None:
    assert example.read(small) == SMALL
    removed = example.remove(SMALL, small)
    assert removed.deleted == {"models/lost": 1, "docs/lost.md": 1}
    assert not (small / "models").exists() and not (small / "docs/lost.md").exists()
    assert (small / "dbt_project.yml").read_text() == "vars:\n  problems: [mine]\n  last: 1\n"
    assert (small / "pyproject.toml").read_text() == 'dependencies = [\n    "kept==1",\n]\n'
    assert "lost" not in (small / "requirements.lock").read_text() and "sha256:cc" in (small / "requirements.lock").read_text()
    told = "> The lost were an example, and are not in this project: what is told of them is from there."
    assert (small / "docs/told.md").read_text() == f"# Told\n\n{told}\n\nOf losing.\n", "a page that stays says what is gone"
    assert (small / "README.md").read_text() == "# R\n\n| kept |\n"
    assert (small / "docs/kept.md").read_text() == "# Kept\n\ngone, [here](#kept) and nowhere, [web](https://a.b/lost.md)\n"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Days pass<!-- example -->: July<!-- /example -->.", "Days pass."),
        ("a<!-- example --> b<!-- /example -->, c<!-- example --> d<!-- /example -->", "a, c"),
        ("Found ([an example](lost.md)).", "Found."),
        ("Found\n  ([an example](lost.md)).", "Found."),
        ("Found ([one](kept.md), [an example](lost.md)).", "Found ([one](kept.md), an example)."),
        ("Found ([one](kept.md)).", "Found ([one](kept.md))."),
    ],
)
def test_within_a_line_what_is_between_marks_goes_and_so_do_brackets_around_a_link_to_what_went(
    small: Path, line: str, left: str
) -> None:
    (small / "docs" / "page.md").write_text(f"# Page\n\n{line}\n")
    example.remove(SMALL, small)
    assert (small / "docs" / "page.md").read_text() == f"# Page\n\n{left}\n"


def test_a_second_time_there_is_nothing_to_remove(small: Path) -> None:
    example.remove(SMALL, small)
    before = {file: file.read_text() for file in small.rglob("*") if file.is_file()}
    assert example.read(small) == Example()
    assert example.remove(example.read(small), small).deleted == {}
    assert {file: file.read_text() for file in small.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("text", ["# example\nlost\n", "lost\n# /example\n", "# example\n# example\n"])
def test_a_mark_without_its_other_is_refused_by_file(small: Path, text: str) -> None:
    (small / "Makefile").write_text(text)
    with pytest.raises(AsofError, match=r"Makefile: .*example"):
        example.remove(SMALL, small)


def test_what_is_not_committed_is_named_and_a_folder_that_git_does_not_know_is_refused(small: Path) -> None:
    with pytest.raises(AsofError, match="no clone of git"):
        example.changed(SMALL, small)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=small, check=True)
    (small / "README.md").write_text("changed, and it stays")
    assert example.changed(SMALL, small) == []
    (small / "models/lost/lost__cohort.sql").write_text("select 2")
    (small / "models/lost/mine.sql").write_text("select 3")
    assert example.changed(SMALL, small) == ["models/lost/lost__cohort.sql", "models/lost/mine.sql"]


def test_everything_that_the_list_names_is_there() -> None:
    assert [name for name in example.read().files if not (PROJECT / name).exists()] == []


MACRO = re.compile(r"{%-? macro (\w+)\(")


def _tables(text: str) -> list[str]:
    """The tables of the sources that YAML of dbt declares, as people write them."""
    sources = yaml.safe_load(text)["sources"]
    return [f"{source['name']}.{table['name']}" for source in sources for table in source["tables"]]


def test_nothing_that_is_left_names_what_went(tmp_path: Path) -> None:
    there = example.read()
    gone = [file for name in there.files if name.startswith(("models", "seeds")) for file in (PROJECT / name).rglob("*.*")]
    names = {file.stem for file in gone if file.suffix in (".sql", ".csv")} | {*there.problems, *there.packages}
    names |= {name for name in there.files if (PROJECT / name / "__init__.py").exists()}
    names |= {re.escape(table) for file in gone if file.name.endswith("__sources.yml") for table in _tables(file.read_text())}
    macros = [file for name in there.files for file in (PROJECT / name).rglob("macros/**/*.sql")]
    macros += [file for name in there.files if name.startswith("macros") for file in (PROJECT / name).rglob("*.sql")]
    called = {rf"{macro}(?=\()" for file in macros for macro in MACRO.findall(file.read_text())}
    left = cloned(tmp_path / "clone")
    example.remove(there, left)
    said = re.compile(rf"\b(?:{'|'.join(sorted(names)) or '(?!)'})\b")
    in_sql = re.compile(rf"\b(?:{'|'.join(sorted(called)) or '(?!)'})")
    rooms = ("flows", "ml", "checks", "macros", "models", "seeds", "tests")
    files = [file for room in rooms for file in (left / room).rglob("*") if file.suffix in (".py", ".sql", ".yml", ".csv", ".md")]
    files += [
        left / name
        for name in ("Makefile", "dbt_project.yml", "profiles.yml", "prefect.yaml", "pyproject.toml", "requirements.lock")
    ]
    found = {f"{file.relative_to(left)}: {one[0]}" for file in files if (one := said.search(file.read_text()))}
    found |= {
        f"{file.relative_to(left)}: {one[0]}"
        for file in files
        if file.suffix == ".sql" and (one := in_sql.search(file.read_text()))
    }
    assert found == set()
