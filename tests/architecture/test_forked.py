"""A command that is forked ends, prints and finds its modules as one that is started anew."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests import forked, forking

TOLD = "import os, sys, helper; print(os.getcwd(), sys.argv, helper.__file__, os.environ.get('ASKED'), sys.stdin.read())"
ENDS = [
    "import sys; sys.exit(3)",
    "raise SystemExit('said')",
    "raise SystemExit",
    "import sys; sys.exit(None)",
    "1 / 0",
    "import os; os.kill(os.getpid(), 9)",
    "import os; os._exit(7)",
    "import atexit; atexit.register(print, 'at exit'); print('ß', flush=False)",
    "import threading, time; threading.Thread(target=lambda: (time.sleep(.2), print('late'))).start()",
    "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'print(5)'], capture_output=True).stdout)",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text("")
    (tmp_path / "told.py").write_text(TOLD)
    return tmp_path


def anew(arguments: list[str], cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
    )


@pytest.mark.parametrize("arguments", [["-m", "told", "one", "two"], ["-c", TOLD, "one"]], ids=["-m", "-c"])
def test_arguments_folder_environment_and_modules_are_those_of_a_process_of_its_own(folder: Path, arguments: list[str]) -> None:
    environment = {**os.environ, "ASKED": "yes"}
    ours, theirs = forked.run(arguments, folder, environment), anew(arguments, folder, environment)
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)
    assert str(folder / "helper.py") in ours.stdout and "yes" in ours.stdout


@pytest.mark.parametrize("code", ENDS)
def test_it_ends_as_a_process_of_its_own_does(folder: Path, code: str) -> None:
    ours, theirs = forked.run(["-c", code], folder, os.environ), anew(["-c", code], folder, dict(os.environ))
    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout)
    assert ours.stderr.splitlines()[-1:] == theirs.stderr.splitlines()[-1:]


def test_what_takes_too_long_is_killed(folder: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run(["-c", "import time; time.sleep(600)"], folder, os.environ, timeout=0.5)
    assert time.monotonic() - begun < 60


def test_what_libraries_read_at_import_is_read_by_a_process_of_its_own(folder: Path) -> None:
    told = forked.run(["-c", "import sys; print('prefect' in sys.modules)"], folder, {**os.environ, "PREFECT_HOME": str(folder)})
    same = forked.run(["-c", "import sys; print('prefect' in sys.modules)"], folder, os.environ)
    assert (told.stdout, same.stdout) == ("False\n", "True\n")


def test_nothing_of_the_project_is_imported_before_the_folder_is_known_and_nothing_runs_beside(folder: Path) -> None:
    code = "import os, sys; print([one for one in sys.modules if one.split('.')[0] in ('flows', 'ml', 'checks', 'tests')])"
    told = forked.run(["-c", f"{code}; print(len(os.listdir('/proc/self/task')))"], folder, os.environ)
    assert told.stdout.splitlines() == ["[]", "1"], "a thread of a library would be lost in the fork"


def test_whatever_is_preloaded_is_there() -> None:
    assert all(find_spec(name) for name in forking.PRELOADED)
