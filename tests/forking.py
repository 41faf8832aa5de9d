"""A server that has imported what all commands of the project import, and forks a child for each that it is asked to run.

A script of its own: nothing of the project is imported here, so that a child imports what is in the folder that it works in.
`tests.forked` starts it and asks it. A request is a line of JSON with three open files; the answers are lines: the process
number of the child, then how it ended.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
import traceback

# What the project sets before it imports them.
SET = {"OMP_WAIT_POLICY": "PASSIVE", "PREFECT_LOGGING_LEVEL": "WARNING", "SODA_CORE_TELEMETRY_ENABLED": "false"}
PRELOADED = (
    "dbt.cli.main", "dbt.adapters.duckdb.connections", "lightgbm", "matplotlib.pyplot", "pandas", "pandera.pandas", "prefect",
    "pyarrow.parquet", "pydantic", "rich.table", "soda_duckdb.common.data_sources.duckdb_data_source",
)  # fmt: skip


def serve(address: str) -> None:
    """Answer until the process that started this one has gone."""
    os.environ |= SET
    for name in PRELOADED:
        __import__(name)
    signal.signal(signal.SIGCHLD, _reap)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen(16)
        parent = os.getppid()
        door.settimeout(5)
        while os.getppid() == parent:
            try:
                caller, _ = door.accept()
            except TimeoutError:
                continue
            if not os.fork():
                door.close()
                _look_after(caller)
            caller.close()


def _reap(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _look_after(caller: socket.socket) -> None:
    """In a process of its own: fork the child, say its number, wait for its end and say that."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, files, _, _ = socket.recv_fds(caller, 1 << 20, 3)
    while text and not text.endswith(b"\n"):
        more = caller.recv(1 << 20)
        text = text + more if more else b""
    if not text:  # it only looked whether somebody answers, or has gone
        os._exit(0)
    child = os.fork()
    if not child:
        caller.close()
        _be(json.loads(text), files)
    caller.sendall(f"{child}\n".encode())
    caller.sendall(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n".encode())
    os._exit(0)


def _be(asked: dict, files: list[int]) -> None:
    """Become what `python ARGUMENTS` is in that folder, environment and with those files; never returns."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    kind, what, *arguments = asked["arguments"]
    sys.argv, sys.path[0:0] = [kind, *arguments], [asked["cwd"] if kind == "-m" else ""]
    code = 0
    try:
        if kind == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        traceback.print_exc()
        code = 1
    _leave(code)


def _leave(code: int) -> None:
    """As the interpreter ends: threads are waited for, what was registered is called, what was printed is written."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.path[0:1] = []  # the folder of this script
    serve(sys.argv[1])
