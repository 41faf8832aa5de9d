"""Settings are read and checked in one place, at the start: a value that will not do is named with what is allowed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.runtime import settings
from ml.errors import AsofError
from tests.conftest import PROJECT

NAMES = [one.name for one in settings.SETTINGS]
SECRET = {one.name for one in settings.SETTINGS if one.secret}
# Any text that the environment can hold.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)
BAD = [
    ("ASOF_THREADS", ["abc", "0", "-1", "1e9", "2.5", "", " 2", "٣", "99999999999"]),
    ("ASOF_MEMORY_LIMIT", ["lots", "2", "-2GB", "0GB", "", "80%", "2GB; drop table x", "1KB"]),
    ("ASOF_QUERY_LIMIT_SECONDS", ["abc", "-1", "", "inf", "nan", "1e3", "0.0001", "99999999999"]),
    ("ASOF_WAIT_SECONDS", ["abc", "-1", "", "inf", "0.0001"]),
    ("ASOF_TIME_ZONE", ["Mars/Olympus", "America", "../etc/passwd", "/etc/passwd", "", "EST5EDT4,M3"]),
    ("ASOF_PREFECT_PORT", ["abc", "0", "70000", ""]),
    ("ASOF_DEBUG", ["yes", "2"]),
    ("ASOF_EXPORT", ["parquet", "csv:", "xlsx:/a", "postgres:a b", "postgres:pg_x", "parquet://h/x", "csv:~nobody-here/x"]),
    ("ASOF_WAREHOUSE", ["", " ", "{folder}"]),
    ("ASOF_PUBLISHED", ["", "{folder}", "{folder}/"]),
    ("ASOF_LANDING", ["", "{file}"]),
    ("ASOF_LOGS", ["", "{file}"]),
]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD for value in values])
def test_a_value_that_will_not_do_is_named_with_what_is_allowed(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    value = value.format(folder=tmp_path, file=tmp_path / "file")
    monkeypatch.setenv(name, value)
    with pytest.raises(AsofError) as refused:
        settings.check()
    assert str(refused.value).startswith(f"{name}: {value!r} will not do; it must be ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASOF_THREADS", "16"), ("ASOF_MEMORY_LIMIT", "1.5 GiB"), ("ASOF_MEMORY_LIMIT", "500mb"), ("ASOF_TIME_ZONE", "UTC"),
        ("ASOF_QUERY_LIMIT_SECONDS", "0"), ("ASOF_QUERY_LIMIT_SECONDS", "0.5"), ("ASOF_NOTIFY", ""), ("ASOF_DEBUG", "1"),
        ("ASOF_WAREHOUSE", "not/there/yet.duckdb"), ("ASOF_LANDING", "Ordner mit Umlaut ä"),
        ("ASOF_EXPORT", "parquet:/srv/lake, csv:here,postgres, postgres:bi_2"), ("ASOF_POSTGRES", "postgresql://u:p%40@h:5/d?sslmode=require"),
        ("ASOF_POSTGRES", "postgresql:///d?host=/run/postgresql"), ("ASOF_POSTGRES", "postgres://[::1]:5432,other/d"),
    ],
)  # fmt: skip
def test_a_value_that_will_do_is_taken(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    settings.check()


@given(name=st.sampled_from(NAMES), value=TEXTS)
def test_any_value_is_taken_or_refused_by_name(name: str, value: str) -> None:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        settings.check()
    except AsofError as error:
        assert str(error).startswith(f"{name}: ")
        assert value.isprintable() is False or repr(value) in str(error) or name in SECRET
    except OSError as error:
        assert error.filename, "a path that the system refuses is told by the system, which names it"
    finally:
        os.environ.pop(name) if before is None else os.environ.update({name: before})


def test_a_name_that_nobody_reads_is_refused_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASOF_WAREHOSE", "x.duckdb")
    with pytest.raises(AsofError, match=r"ASOF_WAREHOSE is no setting \(did you mean ASOF_WAREHOUSE\?\)"):
        settings.check()


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "ENV_FILE", tmp_path / ".env")
    for name in NAMES:
        monkeypatch.setenv(name, "")  # so that what is loaded is forgotten after the test
        monkeypatch.delenv(name)
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"ASOF_THREADS=2\nASOF_MEMORY_LIMIT\n", "line 2"),
        (b"# fine\n\n=2\n", "line 3"),
        (b"ASOF_PAGES='never closed\nASOF_THREADS=2\n", "line 1"),
        (b"ASOF_PAGES=\xff\xfe\n", "not UTF-8"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_number(env_file: Path, content: bytes, told: str) -> None:
    env_file.write_bytes(content)
    with pytest.raises(AsofError, match=told) as refused:
        settings.load()
    assert str(env_file) in str(refused.value)


def test_what_is_set_in_the_environment_wins_over_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("ASOF_THREADS=3\nASOF_MEMORY_LIMIT=1GB\n")
    monkeypatch.setenv("ASOF_THREADS", "5")
    settings.load()
    assert (settings.threads(), os.environ["ASOF_MEMORY_LIMIT"]) == (5, "1GB")


def test_without_a_file_the_defaults_hold(env_file: Path) -> None:
    settings.load()
    settings.check()
    assert settings.threads() == 2


def test_every_variable_that_is_named_anywhere_is_a_setting_and_is_documented() -> None:
    files = [PROJECT / "profiles.yml", PROJECT / "Makefile", PROJECT / "README.md", PROJECT / ".env.example"]
    files += [
        *(PROJECT / "docs").rglob("*.md"),
        *(path for room in ("flows", "checks", "ml") for path in (PROJECT / room).rglob("*.py")),
    ]
    named = {name for file in files for name in re.findall(r"\bASOF_[A-Z_]*[A-Z]\b", file.read_text())}
    assert named == set(NAMES)
    example = dict(re.findall(r"^(ASOF_\w+)=(.*)$", (PROJECT / ".env.example").read_text(), flags=re.M))
    documented = (PROJECT / "docs" / "deployment.md").read_text()
    for one in settings.SETTINGS:
        assert example[one.name] == one.default or one.name == "ASOF_PAGES", "the example shows the default"
        assert one.name in documented


@pytest.mark.parametrize(
    "value",
    [
        "host=h password=hunter2",
        "postgresql://u:hun@ter2@h/d",
        "postgresql://u:hun/ter2@h/d",
        "postgresql://u:hunter2%@h/d",
        "mysql://u:hunter2@h/d",
    ],
)
def test_a_connection_string_that_will_not_do_is_not_shown(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A character of the password that means something in a URI would make parts of it names of hosts, which errors tell."""
    monkeypatch.setenv("ASOF_POSTGRES", value)
    with pytest.raises(AsofError) as refused:
        settings.check()
    assert str(refused.value).startswith("ASOF_POSTGRES: its value will not do; it must be ")
    assert not [part for part in ("hun", "ter2") if part in str(refused.value)]


def test_the_password_of_a_url_is_taken_out_wherever_it_is_told() -> None:
    told = settings.redacted("postgresql://asof:hun:t@er2@db.example/x and https://example.org/a:b@c")
    assert told == "postgresql://asof:…@db.example/x and https://example.org/a:b@c"


def test_secrets_are_taken_out_of_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASOF_NOTIFY", "slack://abcd/efgh, json://user:hunter2@host")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "asof:correct-horse")
    told = settings.redacted("cannot reach json://user:hunter2@host with asof:correct-horse")
    assert told == "cannot reach … with …"
