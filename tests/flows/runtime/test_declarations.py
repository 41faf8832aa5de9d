"""What a parser of YAML would take in silence is refused by file, line and key, and every fault of a declaration has its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.runtime import declarations
from flows.store import problems
from ml.errors import AsofError
from ml.problem import declaration
from ml.problem.declared.faults import DeclarationError
from tests.ml.conftest import COLUMNS, PROBLEM

# Two problems of which one is given, with keys that are whole numbers, so that lines are counted among others.
MODELS = [{"name": "other__training_set", "config": {"meta": {"problem": {"title": "x"}}}}, {"name": "late__training_set"}]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, whose YAML stands in models/problems/late/_late.yml."""
    monkeypatch.setattr(declarations, "PROJECT", tmp_path)
    (tmp_path / "dbt_project.yml").write_text("name: asof\n")
    (tmp_path / "models" / "problems" / "late").mkdir(parents=True)
    return tmp_path


def write(project: Path, text: str) -> Path:
    path = project / "models" / "problems" / "late" / "_late.yml"
    path.write_text(text)
    return path


def refusal() -> str:
    with pytest.raises(AsofError) as caught:
        declarations.check()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_yaml_of_this_project_holds() -> None:
    declarations.check()
    problems.check()


@pytest.mark.parametrize(
    "text",
    [
        "models:\n  - name: a\n    name: b\n",
        "models:\n  - {name: a, columns: [], name: b}\n",
        "a: 1\n? a\n: 2\n",
        'a: 1\n"a": 2\n',
        "x: &x {k: 1, k: 2}\ny: *x\n",
    ],
)
def test_a_key_that_stands_twice_is_refused_with_both_lines(project: Path, text: str) -> None:
    write(project, text)
    said = refusal()
    assert said.startswith("models/problems/late/_late.yml:") and "stands here and on line" in said
    assert said.count("stands here") == 1


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_key_of_a_declaration_that_is_written_again_is_found_on_its_line(project: Path, data: st.DataObject) -> None:
    lines = yaml.safe_dump(declared(), sort_keys=False).splitlines()
    keyed = [at for at, line in enumerate(lines) if ": " in line and not line.lstrip().startswith("- ")]
    at = data.draw(st.sampled_from(keyed))
    indent, key = lines[at][: len(lines[at]) - len(lines[at].lstrip())], lines[at].split(":")[0].strip()
    write(project, "\n".join([*lines[: at + 1], f"{indent}{key}: 7", *lines[at + 1 :]]))
    assert f"_late.yml:{at + 2}: {key} stands here and on line {at + 1}" in refusal()


@pytest.mark.parametrize(
    ("constraints", "said"),
    [
        ("[not_null]", "3: a constraint is a mapping: write {type: not_null}"),
        ("[{type: notnull}]", "the constraint 'notnull' is unknown (did you mean not_null?)"),
        ("not_null", "constraints must be a list"),
        ("[{kind: not_null}]", "the constraint None is unknown"),
        ("[[not_null]]", "the constraint None is unknown"),
    ],
)
def test_a_constraint_that_dbt_would_not_read_is_refused(project: Path, constraints: str, said: str) -> None:
    write(project, f"models:\n  - name: a\n    columns: [{{name: k, constraints: {constraints}}}]\n")
    assert said in refusal()


@pytest.mark.parametrize("text", ["a: [1\nb: 2\n", "a: b: c\n", "\ta: 1\n", "a: *nobody\n", "a: 1\x00\n", "a: &x [*x]\n"])
def test_what_is_no_yaml_is_a_line_that_names_the_file(project: Path, text: str) -> None:
    write(project, text)
    try:
        declarations.check()
    except AsofError as refused:
        assert str(refused).startswith("models/problems/late/_late.yml") and "\n" not in str(refused)
    else:
        assert text == "a: &x [*x]\n", "only a list that holds itself is YAML"


def test_aliases_of_aliases_are_looked_at_once(project: Path) -> None:
    doubled = "\n".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]" for n in range(1, 25))
    write(project, f"k0: &k0 1\n{doubled}\n")
    declarations.check()


def test_what_is_merged_into_a_mapping_may_be_said_otherwise_there(project: Path) -> None:
    write(project, "base: &b {a: 1}\nmodels:\n  - {<<: *b, <<: *b, a: 2}\n  - {<<: *b}\n")
    declarations.check()


def test_a_file_that_is_not_utf8_is_refused(project: Path) -> None:
    (project / "models" / "latin.yml").write_bytes("a: größe\n".encode("latin-1"))
    assert refusal().startswith("models/latin.yml: no YAML")


def declared(**changed: object) -> dict:
    spec = {**PROBLEM, "training": {"rounds": 5, "params": {"num_leaves": 7}}, **changed}
    columns = [{key: value for key, value in column.items() if key != "meta"} for column in COLUMNS]
    return {"models": [MODELS[0], {**MODELS[1], "config": {"meta": {"problem": spec}}, "columns": columns}]}


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"margin": "0.01"}, "margin:"),
        ({"training": {"params": {"num_leaves": "7 boosting=dart"}}}, "num_leaves:"),
        ({"slices": ["origin", "orgin"]}, "- orgin"),
        ({"holdout_day": 3}, "holdout_day:"),
        ({"framing": {"plan": [{"phase": "a", "deliverable": "b", "days": 0, "done_when": "c"}]}}, "days: 0"),
        ({"retraining": {"windows": 1}}, "retraining:"),
    ],
)
def test_a_fault_has_the_line_of_its_key(project: Path, changed: dict, key: str) -> None:
    content = declared(**changed)
    path = write(project, yaml.safe_dump(content, sort_keys=False))
    model = content["models"][1]
    node = {**model, "patch_path": "asof://models/problems/late/_late.yml", "columns": {one["name"]: one for one in COLUMNS}}
    with pytest.raises(DeclarationError) as caught:
        declaration.read({"nodes": {"m": node}}, "late")
    told = str(declarations.located(caught.value, "late"))
    line = next(at for at, text in enumerate(path.read_text().splitlines(), 1) if text.strip().startswith(key))
    assert told.startswith(f"models/problems/late/_late.yml:{line}: problem.")


def test_a_fault_of_a_column_has_the_line_of_the_column(project: Path) -> None:
    path = write(project, yaml.safe_dump(declared(), sort_keys=False).replace("name: hour", "name: group"))
    model = yaml.safe_load(path.read_text())["models"][1]
    node = {**model, "patch_path": "asof://models/problems/late/_late.yml"}
    node["columns"] = {one["name"]: one for one in model["columns"]}
    with pytest.raises(DeclarationError, match="'group' is a word of SQL: choose another name") as caught:
        declaration.read({"nodes": {"m": node}}, "late")
    line = next(at for at, text in enumerate(path.read_text().splitlines(), 1) if text.strip() == "- name: group")
    assert f"_late.yml:{line}: column 'group'" in str(declarations.located(caught.value, "late"))


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("late", "must be a list of names, not 'late'; write [late]"),
        (["late", "late"], "late stands there twice"),
        (["order"], "'order' is a word of SQL"),
        (["a'; drop table x; --"], "is not a name"),
        ([7], "7 is not a name"),
    ],
)
def test_names_of_problems_are_a_list_of_names(monkeypatch: pytest.MonkeyPatch, named: object, said: str) -> None:
    monkeypatch.setattr(problems.dbt, "project_vars", lambda: {"problems": named})
    with pytest.raises(AsofError, match=r"dbt_project.yml: vars.problems") as caught:
        problems.declared()
    assert said in str(caught.value)
