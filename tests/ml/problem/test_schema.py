"""Editors check a declaration by the schema that the classes make, and by no other."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from ml.problem.declared.schema import schema

PROJECT = Path(__file__).parents[3]
DECLARATION = yaml.safe_load((PROJECT / "tests/synthetic_shop/problems/big_sale/_big_sale.yml").read_text())


def test_the_committed_schema_is_the_one_that_the_classes_make():
    committed = json.loads((PROJECT / "docs/schema/problem.schema.json").read_text())
    assert committed == json.loads(json.dumps(schema())), "run `PYTHONPATH=. .venv/bin/python docs/schema/make.py`"


def test_a_declaration_that_is_right_holds():
    jsonschema.validate(DECLARATION, schema())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda problem, column: problem.update(margn=0.01),
        lambda problem, column: problem.update(margin=-1),
        lambda problem, column: problem.pop("costs"),
        lambda problem, column: problem["training"]["params"].update(num_leafs=7),
        lambda problem, column: column["config"]["meta"].update(role="featur"),
        lambda problem, column: column["config"]["meta"].update(reason={"units": "share"}),
    ],
)
def test_a_misspelt_key_and_a_value_out_of_range_are_underlined(spoil):
    declared = copy.deepcopy(DECLARATION)
    model = next(one for one in declared["models"] if "problem" in one.get("config", {}).get("meta", {}))
    column = next(one for one in model["columns"] if "meta" in one.get("config", {}))
    spoil(model["config"]["meta"]["problem"], column)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(declared, schema())
