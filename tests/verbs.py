"""Verbs one after the other in one process: what they import and parse is imported and parsed once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests import forked
from tests.clone import environment

EACH = """
import json, sys
from flows.cli.main import cli
for words in json.loads(sys.argv[1]):
    cli(words, standalone_mode=False)
"""


def in_turn(project: Path, *verbs: tuple[str, ...], **more: str) -> subprocess.CompletedProcess[str]:
    """Run verbs in a project until one fails, which is an error here; `more` is environment. Returns the ended process."""
    done = forked.run(["-c", EACH, json.dumps(verbs)], project, environment() | more, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done
