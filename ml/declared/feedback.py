"""How people may correct the labels of a problem. The SQL of `models/intermediate/feedback` reads the same keys."""

from __future__ import annotations

from dataclasses import dataclass

from ml.keys import Keys

CONFLICT = ("latest", "majority", "trusted_first")
USE = ("never", "trusted", "all")


@dataclass(frozen=True)
class Feedback:
    """Whose correction holds where people disagree, and whose corrections become labels.

    `conflict`: the latest word; that of the majority of authors, the latest where they are even; or that of the first of
    `trusted` who has spoken, the latest where none has. `use_in_training`: nobody's, those of `trusted`, or everybody's.
    """

    conflict: str = "latest"
    trusted: tuple[str, ...] = ()
    use_in_training: str = "never"


def read(keys: Keys) -> Feedback:
    """The section `feedback`. AsofError names the file and the key that is unknown or contradicts another."""
    trusted = keys.raw("trusted", [])
    if not isinstance(trusted, list | tuple) or not all(isinstance(one, str) and one.strip() for one in trusted):
        raise keys.error("trusted", f"must be a list of authors, not {trusted!r}")
    if len(set(trusted)) < len(trusted):
        raise keys.error("trusted", "names an author twice; the first is trusted most")
    found = Feedback(keys.choice("conflict", CONFLICT, "latest"), tuple(trusted), keys.choice("use_in_training", USE, "never"))
    if not found.trusted and (found.conflict == "trusted_first" or found.use_in_training == "trusted"):
        raise keys.error("trusted", "is empty, but the policy asks whom to trust; name authors, the most trusted first")
    keys.finish()
    return found
