"""The YAML of the project as people wrote it: what a parser would take in silence, and on which line a key stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import yaml

from flows.runtime.settings import PROJECT
from ml.errors import AsofError
from ml.problem.declared.faults import DeclarationError
from ml.problem.keys import did_you_mean

FOLDERS = ("models", "seeds", "macros", "snapshots")
CONSTRAINTS = ("not_null", "unique", "primary_key", "foreign_key", "check", "custom")
# libyaml reads ten times as fast; it does not come with every build of PyYAML.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check() -> None:
    """AsofError with file and line of each key that stands twice (a parser keeps the last) and of each odd constraint."""
    files = [PROJECT / "dbt_project.yml"]
    for folder in FOLDERS:
        files += sorted(path for path in (PROJECT / folder).rglob("*") if path.suffix in (".yml", ".yaml"))
    found = [f"{path.relative_to(PROJECT)}:{line}: {said}" for path in files for line, said in _faults(path)]
    if found:
        more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
        raise AsofError("; ".join(found[:5]) + more)


def fingerprint() -> str:
    """A digest of every file of dbt's project, as it is now: declarations, models, macros, seeds."""
    files = [PROJECT / "dbt_project.yml"]
    for folder in FOLDERS:
        files += sorted(path for path in (PROJECT / folder).rglob("*") if path.is_file())
    parts = (f"{path.relative_to(PROJECT).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def located(error: DeclarationError, problem: str) -> DeclarationError:
    """The same error with the line of each fault, where the file can be read."""
    try:
        models = _entry(_composed(PROJECT / error.path), "models")
    except (OSError, AsofError):
        return error
    model = _named(models, f"{problem}__training_set")
    lines = {at: _line(model, fault.key) for at, fault in enumerate(error.faults)} if model else {}
    return DeclarationError(error.path, error.faults, {at: line for at, line in lines.items() if line})


def _faults(path: Path) -> Iterator[tuple[int, str]]:
    waiting, seen = [_composed(path)], set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:  # an alias stands for what was looked at already
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        if isinstance(node, yaml.MappingNode):
            waiting += [inner for pair in node.value for inner in pair]
            yield from _twice(node)
            yield from _odd_constraints(node)


def _twice(node: yaml.MappingNode) -> Iterator[tuple[int, str]]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if isinstance(key, yaml.ScalarNode) and key.value == "<<":  # others may be merged into it one after the other
            continue
        if isinstance(key, yaml.ScalarNode) and key.value in first:
            yield line, f"{key.value} stands here and on line {first[key.value]}; only one of them can hold, remove the other"
        elif isinstance(key, yaml.ScalarNode):
            first[key.value] = line


def _odd_constraints(node: yaml.MappingNode) -> Iterator[tuple[int, str]]:
    found = _entry(node, "constraints")
    if found is None:
        return
    if not isinstance(found, yaml.SequenceNode):
        yield found.start_mark.line + 1, "constraints must be a list such as [{type: not_null}]"
        return
    for one in found.value:
        kind = _entry(one, "type")
        said = one.value if isinstance(one, yaml.ScalarNode) else kind.value if isinstance(kind, yaml.ScalarNode) else None
        if kind is None and said in CONSTRAINTS:
            yield one.start_mark.line + 1, f"a constraint is a mapping: write {{type: {said}}}"
        elif said not in CONSTRAINTS:
            near = did_you_mean(said, CONSTRAINTS)
            yield one.start_mark.line + 1, f"the constraint {said!r} is unknown{near}; there are {', '.join(CONSTRAINTS)}"


def _composed(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise AsofError(f"{path.relative_to(PROJECT)}:{line}: no YAML: {error.problem}; mend the line") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AsofError(f"{path.relative_to(PROJECT)}: no YAML: {' '.join(str(error).split())}; save it as UTF-8") from error


def _entry(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _named(node: yaml.Node | None, name: str) -> yaml.Node | None:
    entries = node.value if isinstance(node, yaml.SequenceNode) else []
    return next((one for one in entries if (found := _entry(one, "name")) is not None and found.value == name), None)


def _line(model: yaml.Node, key: tuple[str | int, ...]) -> int | None:
    """The line of a key below a model, of the nearest thing around it where it is not there."""
    if key[:1] == ("columns",):
        column = _named(_entry(model, "columns"), str(key[1])) if len(key) > 1 else None
        return ((column or _entry(model, "columns") or model).start_mark.line) + 1
    here, line = model, model.start_mark.line
    if _entry(model, "config") is None:
        key = key[1:]
    for part in key:
        if isinstance(part, int) and isinstance(here, yaml.SequenceNode) and part < len(here.value):
            here = here.value[part]
            line = here.start_mark.line
        elif isinstance(here, yaml.MappingNode) and (pair := [one for one in here.value if one[0].value == str(part)]):
            line, here = pair[0][0].start_mark.line, pair[0][1]
        else:
            break
    return line + 1
