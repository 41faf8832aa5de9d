"""Environments of the peers: made by the bench from locked files, each its own, so that no peer bends the house's versions."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
# No peer reports its use to anybody while it is measured.
SILENT = {"FEAST_USAGE": "False", "DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "POLARS_VERBOSE": "0"}


class NoPeerError(Exception):
    """A peer's environment cannot be made; the message says why, in one line."""


def python(name: str, work: Path) -> Path:
    """The interpreter of the peer `peers/<name>.txt`, installed on first use; 'house' is this one.

    Raises NoPeerError where the packages cannot be had, as without a network.
    """
    if name == "house":
        return Path(sys.executable)
    lock = PEERS / f"{name}.txt"
    version = hashlib.sha256(lock.read_bytes()).hexdigest()[:8]
    home = work / "peers" / f"{name}-{version}"
    ready = home / ".ready"
    if not ready.exists():
        try:
            _quietly([sys.executable, "-m", "venv", "--clear", str(home)])
            _quietly([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                      "--only-binary", ":all:", "--require-hashes", "-r", str(lock)])  # fmt: skip
        except subprocess.CalledProcessError as error:
            said = (error.stderr or "").strip().splitlines() or ["no reason given"]
            raise NoPeerError(f"{name} could not be installed: {said[-1]}") from None
        ready.touch()
    return home / "bin" / "python"


def _quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | SILENT)
