"""How people may correct the labels of a problem. The SQL of `models/intermediate/feedback` reads the same keys."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from ml.problem.declared.section import Texts, fault, section


@section
class Feedback:
    """Whose correction holds where people disagree, and whose corrections become labels.

    `conflict`: the latest word; that of the majority of authors, the latest where they are even; or that of the first of
    `trusted` who has spoken, the latest where none has. `use_in_training`: nobody's, those of `trusted`, or everybody's.
    """

    conflict: Literal["latest", "majority", "trusted_first"] = "latest"
    trusted: Texts = ()
    use_in_training: Literal["never", "trusted", "all"] = "never"

    @model_validator(mode="after")
    def _somebody_is_trusted(self) -> Feedback:
        if not self.trusted and (self.conflict == "trusted_first" or self.use_in_training == "trusted"):
            raise fault(".trusted is empty, but the policy asks whom to trust; name authors, the most trusted first")
        return self


@section
class Comments(Feedback):
    """The same where people can comment but not correct, because a correction is a yes or a no."""

    use_in_training: Literal["never"] = "never"
