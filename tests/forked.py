"""`python -m …` and `python -c …` in any folder, as a real process, without the seconds that its imports take.

What a command imports from others is in a server already, one for each process of the tests; the project's own modules are
imported from the folder that the command works in. `tests.children` has the project's imported and parsed as well, and works on
this checkout only.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

SERVER = Path(__file__).parent / "forking.py"
# What libraries read when they are imported: a process that is given another one than the server's is started anew.
READ_AT_IMPORT = ("PREFECT_", "OMP_", "PYTHON", "LANG", "LC_", "MPL")


def run(arguments: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run([sys.executable, *arguments], capture_output=True, text=True, …)`.

    Raises subprocess.TimeoutExpired, when the process was killed.
    """
    assert arguments[0] in ("-m", "-c"), arguments
    if _at_import(env) != _at_import(os.environ):
        return subprocess.run([sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, open(os.devnull) as nothing:
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(_server())
            asked = json.dumps({"arguments": list(arguments), "cwd": str(Path(cwd).resolve()), "env": dict(env)}).encode() + b"\n"
            sent = socket.send_fds(door, [asked], [nothing.fileno(), out.fileno(), err.fileno()])
            door.sendall(asked[sent:])
            answers = door.makefile()
            child = int(answers.readline())
            door.settimeout(timeout)
            try:
                code = int(answers.readline())
            except TimeoutError:
                os.kill(child, 9)
                raise subprocess.TimeoutExpired(list(arguments), timeout, _text(out), _text(err)) from None
        return subprocess.CompletedProcess(list(arguments), code, _text(out), _text(err))


def _text(file: tempfile._TemporaryFileWrapper) -> str:
    file.seek(0)
    return file.read()


def _at_import(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(READ_AT_IMPORT)}


@lru_cache(maxsize=1)
def _server() -> str:
    """Where it listens; started at the first call, and gone with this process."""
    folder = tempfile.TemporaryDirectory(prefix="forking-")
    address = f"{folder.name}/door"
    log = open(f"{folder.name}/log", "w")  # noqa: SIM115
    process = subprocess.Popen(
        [sys.executable, str(SERVER), address], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder.name
    )

    @atexit.register
    def end() -> None:
        process.kill()
        process.wait()
        folder.cleanup()

    with socket.socket(socket.AF_UNIX) as door:
        while door.connect_ex(address):
            assert process.poll() is None, Path(log.name).read_text()
            time.sleep(0.05)
    return address
