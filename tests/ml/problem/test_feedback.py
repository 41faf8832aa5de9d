"""Whose corrections count is declared, and a contradiction names its key."""

import pytest
from pydantic import TypeAdapter

from ml.errors import AsofError
from ml.problem.declared.faults import DeclarationError, validated
from ml.problem.declared.feedback import Feedback


def declared(**keys: object) -> Feedback:
    found, faults = validated(TypeAdapter(Feedback), keys, "problem.feedback")
    if faults:
        raise DeclarationError("_p.yml", faults)
    return found


def test_where_nothing_is_declared_people_are_heard_and_labels_stay() -> None:
    assert declared() == Feedback("latest", (), "never")


def test_a_policy_is_read_as_it_stands() -> None:
    assert declared(conflict="trusted_first", trusted=["bo", "al"], use_in_training="all") == Feedback(
        "trusted_first", ("bo", "al"), "all"
    )


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"conflict": "newest"}, r"_p.yml: problem.feedback.conflict is 'newest'.*latest, majority, trusted_first"),
        ({"use_in_training": "always"}, "use_in_training is 'always'.*never, trusted, all"),
        ({"trusted": "bo"}, "trusted must be a list"),
        ({"trusted": ["bo", "bo"]}, "trusted names 'bo' twice"),
        ({"conflict": "trusted_first"}, "trusted is empty"),
        ({"use_in_training": "trusted"}, "trusted is empty"),
        ({"conflikt": "latest"}, "conflikt is unknown.*did you mean conflict"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused_by_key(keys: dict, told: str) -> None:
    with pytest.raises(AsofError, match=told):
        declared(**keys)


def test_whose_corrections_count_does_not_change_the_hash_of_a_declaration(problem) -> None:
    from dataclasses import replace

    assert replace(problem, feedback=Feedback("majority", (), "all")).spec_hash == problem.spec_hash
