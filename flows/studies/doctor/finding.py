"""What is not as it should be, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`check` is the name of a check of `run.CHECKS`, `what` is wrong, `mend` says what to do: half a sentence each."""

    check: str
    what: str
    mend: str

    @property
    def told(self) -> str:
        """Both as one sentence."""
        return f"{self.what}; {self.mend}"
