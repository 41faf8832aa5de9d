"""The framing is optional, complete where it is declared, and refuses what it does not know by name."""

from __future__ import annotations

import re

import pytest

from ml.errors import AsofError
from ml.problem import declaration
from ml.problem.declared.framing import Framing

FILE = re.escape("models/problems/late/_late.yml")


def _declared(manifest, **framing):
    manifest["nodes"]["model.asof.late__training_set"]["config"]["meta"]["problem"]["framing"] = framing
    return declaration.read(manifest, "late")


def test_a_problem_needs_no_framing_and_every_field_is_then_missing(manifest):
    problem = declaration.read(manifest, "late")
    assert problem.framing == Framing()
    assert {"business_goal", "success.business", "prices.cpu_hour", "upkeep.ml_hours", "plan"} <= set(problem.framing.missing)


def test_what_is_declared_is_not_missing_and_the_rest_is(manifest):
    found = _declared(manifest, business_goal="Warn.", success={"model": ["Beats the rule"]}, prices={"cpu_hour": 0}).framing
    assert (found.business_goal, found.success.model, found.prices.cpu_hour) == ("Warn.", ("Beats the rule",), 0.0)
    assert not {"business_goal", "success.model", "prices.cpu_hour"} & set(found.missing)
    assert {"success.business", "prices.currency", "ideal_outcome"} <= set(found.missing)


def test_steps_and_people_keep_their_order(manifest):
    plan = [
        {"phase": name, "deliverable": "a page", "days": days, "done_when": "signed"}
        for name, days in (("Frame", 3), ("Data", 2))
    ]
    found = _declared(manifest, plan=plan, stakeholders=[{"who": "Ops", "interest": "Reads."}]).framing
    assert [(one.phase, one.days) for one in found.plan] == [("Frame", 3.0), ("Data", 2.0)]
    assert found.stakeholders[0].approves == ""


@pytest.mark.parametrize(
    ("framing", "said"),
    [
        ({"busines_goal": "x"}, r"framing.busines_goal is unknown \(did you mean business_goal\?\)"),
        ({"prices": {"cpu_hours": 1}}, r"framing.prices.cpu_hours is unknown \(did you mean cpu_hour\?\)"),
        ({"success": {"models": []}}, r"framing.success.models is unknown"),
        ({"plan": [{"phase": "a", "deliverable": "b", "days": 0, "done_when": "c"}]}, r"framing.plan\[0\].days is 0"),
        ({"plan": [{"phase": "a", "deliverable": "b", "days": 1, "done": "c"}]}, r"framing.plan\[0\].done_when is missing"),
        ({"risks": [{"risk": "a", "answer": "b", "owner": "c"}]}, r"framing.risks\[0\].owner is unknown"),
        ({"assumptions": "one"}, "framing.assumptions must be a list"),
        ({"assumptions": [1]}, r"framing.assumptions\[0\] must be text, not 1"),
        ({"label": {"kind": "indirect"}}, "framing.label.kind is 'indirect'.*direct, proxy"),
        ({"needs": {"batch_seconds": -1}}, "framing.needs.batch_seconds is -1"),
        ({"business_goal": "  "}, "framing.business_goal must be text"),
    ],
)
def test_a_bad_key_of_the_framing_is_refused_by_name(manifest, framing, said):
    with pytest.raises(AsofError, match=f"{FILE}: problem.{said}"):
        _declared(manifest, **framing)


def test_prose_and_prices_change_no_hash(manifest):
    assert declaration.read(manifest, "late").spec_hash == _declared(manifest, prices={"cpu_hour": 2}, risks=[]).spec_hash
