"""Files that only their owner may read: what holds everything, and what may hold a secret."""

from __future__ import annotations

import os

MODE = 0o600


def opener(path: str, flags: int) -> int:
    """For the built-in `open`: a file that is made is its owner's alone, one that is there keeps its mode."""
    return os.open(path, flags, MODE)
