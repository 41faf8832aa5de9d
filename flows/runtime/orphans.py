"""What a killed process leaves beside what it was to replace: `.name.PID.ending`, where no process has that number."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

# A number of a process is given again: what is as old was left by another one.
OLDEST_SECONDS = 3600


def unfinished(target: Path, ending: str) -> Path:
    """Where this process writes what becomes `target` by a rename."""
    return target.with_name(f".{target.name}.{os.getpid()}.{ending}")


def orphans(target: Path, ending: str) -> Iterator[Path]:
    """What killed processes left beside `target`: nobody will finish it."""
    named = re.compile(rf"\.{re.escape(target.name)}\.(\d+)\.{ending}\b.*")
    for path in sorted(target.parent.iterdir()) if target.parent.is_dir() else ():
        if found := named.fullmatch(path.name):
            old = time.time() - path.stat().st_mtime > OLDEST_SECONDS
            if old or not alive(int(found[1])):
                yield path


def named(folder: Path, ending: str) -> set[Path]:
    """What was to be replaced in a folder, whether it is there or not, beside which any process left or is writing something."""
    names = [re.fullmatch(rf"\.(.+)\.\d+\.{ending}\b.*", path.name) for path in (folder.iterdir() if folder.is_dir() else ())]
    return {folder / name[1] for name in names if name}


def remove_orphans(target: Path, ending: str) -> None:
    """Remove what killed processes left beside `target`."""
    for path in orphans(target, ending):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def alive(pid: int) -> bool:
    """Whether a process of this number runs."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return pid > 0
