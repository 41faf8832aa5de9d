"""Settings: every variable that the project reads from the environment or `.env`, its default, and what is allowed.

`check` reads them all before any work begins. A value that will not do, and a name that nobody reads, is an error that says so.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dotenv import load_dotenv
from dotenv.parser import parse_stream

from flows.runtime import export_targets
from flows.runtime.export_targets import Target
from ml.errors import AsofError
from ml.problem.keys import did_you_mean

PROJECT = Path(__file__).resolve().parents[2]
ENV_FILE = PROJECT / ".env"
PREFIX = "ASOF_"
# DuckDB reads these; without a unit it would take a number for bytes.
_SIZE = re.compile(r"\d+(\.\d+)? ?([KMGT]i?B)", re.IGNORECASE)
_SMALLEST_BYTES = 1_000_000
_UNITS = {"k": 1, "m": 2, "g": 3, "t": 4}
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|AUTH(?!OR)|_KEY$|CREDENTIAL|DSN")
_PASSWORD_OF_A_URL = re.compile(r"(://[^\s:/@]*:)(?!PASSWORD@)\S*@")
# As libpq reads it; a character of a name or a password that means something there would send parts of it elsewhere.
_POSTGRES = re.compile(r"(postgres(ql)?://([^\s:/?#@]+(:[^\s:/?#@]*)?@)?[^\s/?#@]*(/[^\s/?#@]*)?(\?[^\s#]*)?)?")
# Far more than any machine has; DuckDB starts as many threads as it is told.
_MOST_THREADS = 1024
_MOST_SECONDS = 10**9


def path(variable: str, default: str) -> Path:
    """The path in an environment variable; a relative one counts from the project's folder."""
    return _path(os.environ.get(variable, default))


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise ValueError
    return PROJECT / text


def _file(text: str) -> Path:
    path = _path(text)
    if path.is_dir() or text.endswith(os.sep):
        raise ValueError
    return path


def _folder(text: str) -> Path:
    path = _path(text)
    if path.exists() and not path.is_dir():
        raise ValueError
    return path


def _folders(text: str) -> tuple[Path, ...]:
    found = tuple(Path(part) for part in text.split(os.pathsep) if part)
    if "\0" in text or not all(path.is_absolute() for path in found):
        raise ValueError
    return found


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return read


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d{1,10}(\.\d+)?", text, re.ASCII) or float(text) > _MOST_SECONDS or 0 < float(text) < 0.001:
        raise ValueError
    return float(text)


def _size(text: str) -> str:
    found = _SIZE.fullmatch(text)
    if not found or float(re.match(r"[\d.]+", text)[0]) * 1000 ** _UNITS[found[2][0].lower()] < _SMALLEST_BYTES:
        raise ValueError
    return text


def _one_of(*allowed: str) -> Callable[[str], str]:
    return lambda text: {one: one for one in allowed}[text]


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[\w-]{0,64}", text, re.ASCII):
        raise ValueError
    return text


def _targets(text: str) -> tuple[Target, ...]:
    return tuple(export_targets.read(part.strip(), PROJECT) for part in text.split(",") if part.strip())


def _postgres(text: str) -> str:
    if not _POSTGRES.fullmatch(text) or "\0" in text or re.search("%(?![0-9a-fA-F]{2})", text):
        raise ValueError
    return text


def _switch(text: str) -> bool:
    return {"0": False, "": False, "1": True}[text]


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except OSError as error:  # a folder of zones, such as America
        raise ValueError from error


def _declared_zone() -> str:
    """`vars: time_zone` of dbt_project.yml, or UTC; what is wrong with that file is told by who reads all of it."""
    file = PROJECT / "dbt_project.yml"
    found = re.search(r"^  time_zone: ([\w/+-]+)", file.read_text(errors="replace"), flags=re.M) if file.is_file() else None
    return found[1] if found else "UTC"


# How the settings that are paths are read.
PATHS = (_file, _folder)


@dataclass(frozen=True)
class Setting:
    """A variable: the text it has by default, how it is read (any error: it is not allowed), and what is allowed, in words.

    `instance` is a value that will do, where the default is empty.
    """

    name: str
    default: str
    read: Callable[[str], Any]
    allowed: str
    secret: bool = False
    instance: str = "1"

    @property
    def value(self) -> Any:
        """What is set, or the default; AsofError names the variable, its value, and what is allowed."""
        text = os.environ.get(self.name, self.default)
        try:
            return self.read(text)
        except (ValueError, KeyError) as error:
            shown = "its value" if self.secret else repr(text)
            raise AsofError(f"{self.name}: {shown} will not do; it must be {self.allowed}, such as {self.example}") from error

    @property
    def example(self) -> str:
        """A value that will do."""
        return self.default or self.instance


_WAREHOUSE = Setting("ASOF_WAREHOUSE", "data/warehouse.duckdb", _file, "the path of a file, which need not be there yet")
_PUBLISHED = Setting("ASOF_PUBLISHED", "published/analytics.duckdb", _file, "the path of a file, which need not be there yet")
_LANDING = Setting("ASOF_LANDING", "data/landing", _folder, "the path of a folder, which need not be there yet")
_LOGS = Setting("ASOF_LOGS", "logs", _folder, "the path of a folder, which need not be there yet")
_MEMORY = Setting("ASOF_MEMORY_LIMIT", "2GB", _size, "a size of at least 1MB in KB, MB, GB, TB, KiB, MiB, GiB or TiB")
_THREADS = Setting("ASOF_THREADS", "2", _whole(1, _MOST_THREADS), f"a whole number from 1 to {_MOST_THREADS}")
_QUERY_LIMIT = Setting("ASOF_QUERY_LIMIT_SECONDS", "3600", _seconds, f"seconds, 0.001 to {_MOST_SECONDS}, or 0 for no limit")
_WAIT = Setting("ASOF_WAIT_SECONDS", "300", _seconds, f"seconds, 0.001 to {_MOST_SECONDS}, or 0 to wait for nobody")
_TIME_ZONE = Setting("ASOF_TIME_ZONE", _declared_zone(), _zone, "a time zone of the IANA list")
_PORT = Setting("ASOF_PREFECT_PORT", "4200", _whole(1, 65535), "a port, a whole number from 1 to 65535")
_DEBUG = Setting("ASOF_DEBUG", "", _switch, "1, which prints tracebacks, or 0")
_NOTIFY = Setting("ASOF_NOTIFY", "", str, "addresses of Apprise, separated by commas", secret=True)
_LOG_FORMAT = Setting("ASOF_LOG_FORMAT", "text", _one_of("text", "json", "auto"), "text, json or auto")
_RUN_ID = Setting("ASOF_RUN_ID", "", _identifier, "an identifier: letters, digits, - and _, at most 64")
_SQL_FOLDERS = Setting("ASOF_SQL_FOLDERS", "", _folders, "absolute paths of folders, separated by colons", instance="/srv/files")
_EXPORT = Setting("ASOF_EXPORT", "", _targets, f"{export_targets.ALLOWED}, separated by commas", instance=export_targets.EXAMPLE)
_POSTGRES_URI = Setting(
    "ASOF_POSTGRES",
    "",
    _postgres,
    "the URI of a database, in whose names and passwords : / ? # @ % and spaces are written %3A %2F %3F %23 %40 %25 %20",
    secret=True,
    instance="postgresql://USER:PASSWORD@HOST:5432/DATABASE",
)
_PAGES = Setting("ASOF_PAGES", "", str, "a folder or a web address")
SETTINGS = (
    _WAREHOUSE, _PUBLISHED, _LANDING, _LOGS, _MEMORY, _THREADS, _QUERY_LIMIT, _WAIT, _TIME_ZONE, _PORT, _DEBUG, _NOTIFY,
    _PAGES, _SQL_FOLDERS, _EXPORT, _POSTGRES_URI, _LOG_FORMAT, _RUN_ID,
)  # fmt: skip


def load() -> None:
    """Read `.env`: what is set in the environment wins. AsofError when it cannot be read, naming the line."""
    try:
        text = ENV_FILE.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise AsofError(f"{ENV_FILE} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8") from error
    for line in parse_stream(io.StringIO(text)):
        said = line.original.string
        if line.error or (line.key and line.value is None) or "\0" in said:
            number = line.original.line + said[: len(said) - len(said.lstrip())].count("\n")
            raise AsofError(f"{ENV_FILE}, line {number}: this is not NAME=VALUE; correct it, or put # before it")
    load_dotenv(stream=io.StringIO(text))


def check() -> None:
    """Read every setting; AsofError names the first that will not do, or that nobody reads."""
    known = [one.name for one in SETTINGS]
    for name in sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known):
        raise AsofError(f"{name} is no setting{did_you_mean(name, known)}; remove it, or correct its spelling")
    for one in SETTINGS:
        _ = one.value


def redacted(text: str) -> str:
    """The text without what is secret: the values of settings that are, of variables named like passwords, tokens and keys, and
    the password of any URL.
    """
    secret = {one.name for one in SETTINGS if one.secret}
    wholes = [value for name, value in os.environ.items() if name in secret or _SECRET.search(name)]
    parts = {part.strip() for whole in wholes for part in (whole, *whole.split(","))}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= 8:  # a shorter one is hardly secret, and would tear words apart
            text = text.replace(part, "…")
    return _PASSWORD_OF_A_URL.sub(r"\1…@", text)


def warehouse_file() -> Path:
    """The DuckDB file that holds everything."""
    return _WAREHOUSE.value


def landing_folder() -> Path:
    """The folder that feeds drop files into."""
    return _LANDING.value


def published_file() -> Path:
    """The DuckDB file that BI tools read."""
    return _PUBLISHED.value


def logs_folder() -> Path:
    """Where the tracebacks of unforeseen errors are written."""
    return _LOGS.value


def threads() -> int:
    """Cores to use, for DuckDB and LightGBM alike."""
    return _THREADS.value


def memory() -> str:
    """The most memory that DuckDB takes, such as 2GB."""
    return _MEMORY.value


def query_limit_seconds() -> float:
    """Seconds after which a query is interrupted; 0 for no limit."""
    return _QUERY_LIMIT.value


def wait_seconds() -> float:
    """For how many seconds a process waits for another one that has the warehouse; 0: for nobody."""
    return _WAIT.value


def time_zone() -> ZoneInfo:
    """The zone in which the days and months of a replay turn."""
    return _TIME_ZONE.value


def prefect_port() -> int:
    """The port of Prefect's server on loopback."""
    return _PORT.value


def debugging() -> bool:
    """Whether tracebacks are printed, too."""
    return _DEBUG.value


def notify() -> str:
    """The addresses that people are told at, as they are written; empty: nobody is told."""
    return _NOTIFY.value


def logs_as_json() -> bool:
    """Whether standard error gets JSON objects, a line each; what is set and will not do counts as text, and `check` says so."""
    try:
        form = _LOG_FORMAT.value
    except AsofError:
        return False
    return form == "json" or (form == "auto" and sys.stderr is not None and not sys.stderr.isatty())


def run_id() -> str:
    """The id that a scheduler gives the command or flow; empty where it gives none."""
    return _RUN_ID.value


def pages() -> str:
    """Where messages send people who want to read about a kind of alert; empty: to the pages of the project."""
    return _PAGES.value


def sql_folders() -> tuple[Path, ...]:
    """Folders that SQL may read and write besides; none by default."""
    return _SQL_FOLDERS.value


def exports() -> tuple[Target, ...]:
    """Where the published tables are exported to after each publication; none by default."""
    return _EXPORT.value


def postgres() -> str:
    """The URI of the database that exports are written to, a secret; empty: none."""
    return _POSTGRES_URI.value
