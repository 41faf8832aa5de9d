"""Random declarations: columns of every type in every written form."""

from __future__ import annotations

from random import Random

from checks.landing import LandingSource

FORMS = {
    "date": [{}, {}, {"format": "%d/%m/%Y"}, {"format": "%-d.%-m.%y"}, {"format": "%d %b %Y"},
             {"format": "%-d %B %Y"}, {"format": "%Y%m%d"},
             {"accepted": {"min": "1950-01-01", "max": "9999-12-31"}}],
    "timestamp": [{}, {}, {}, {"timezone": "Europe/Berlin"}, {"timezone": "America/New_York"}, {"timezone": "Pacific/Apia"},
                  {"format": "%d/%m/%Y %H:%M"}, {"format": "%d/%m/%Y %I:%M %p", "timezone": "Europe/Berlin"},
                  {"format": "%Y-%m-%d"},
                  {"format": "%d/%m/%Y %H:%M %z"}, {"format": "%m/%d/%Y %H:%M:%S.%f"}, {"accepted": {"min": "2000-01-01T06:00"}}],
    "boolean": [{}, {"true_values": ["Y", "1"], "false_values": ["N", "0"]}, {"true_values": "True", "false_values": "False"}],
    "double": [{}, {}, {"decimal": ","}, {"decimal": ",", "thousands": "."}, {"thousands": ","},
             {"thousands": "'"}, {"accepted": {"min": 0}},
               {"accepted": {"min": -5.5, "max": 1e6}}],
    "integer": [{}, {}, {"thousands": "."}, {"thousands": ","}, {"thousands": " "}, {"accepted": {"min": 1,
             "max": 99}}, {"accepted": {"values": [1, 2, 3, 5]}}],
    "varchar": [{}, {}, {"accepted": {"values": ["north", "so'uth", "a\nb"]}}],
}  # fmt: skip
FORMS["smallint"] = FORMS["bigint"] = FORMS["integer"]
NAMES = ["group", "end", "order", "a", "b", "model_version", "line", "value", "reason"]


def source(random: Random, ending: str) -> LandingSource:
    """A source of one to six columns; no key and no share, so that every line counts by itself."""
    columns = {}
    for name in random.sample(NAMES, random.randint(1, 6)):
        kind = random.choice(list(FORMS))
        needed = {"constraints": [{"type": "not_null"}]} if random.random() < 0.2 else {}
        columns[name] = {"name": name, "data_type": kind, "config": {"meta": random.choice(FORMS[kind])}, **needed}
    rename = {random.choice(["Größe", 'a "b"', "5", "x y", "A"]): random.choice(list(columns))} if random.random() < 0.3 else {}
    return _declared(
        ending, columns, rename=rename, null=random.choice([[], "", "NA", ["", "NA"], ["NULL", "0"]]),
        delimiter=random.choice(",,,;\t|"), quoted_null=random.random() < 0.2,
        limits={"field_characters": random.choice([131072, 131072, 50])},
    )  # fmt: skip


def of_one_column(kind: str, form: dict) -> LandingSource:
    """A source of CSV with one column of a type, in one of its declared forms."""
    return _declared("csv", {"a": {"name": "a", "data_type": kind, "config": {"meta": form}}}, null=[])


def _declared(ending: str, columns: dict, **more) -> LandingSource:
    landing = {
        "path": "some/files", "format": ending, "key": [], "known_at": None, "max_rejected_share": 1, "repeats": True,
        **more,
    }  # fmt: skip
    node = {"source_name": "some", "name": "files", "identifier": "some__files", "schema": "landing",
    "original_file_path": "x.yml",
            "columns": columns, "config": {"meta": {"landing": landing}}}  # fmt: skip
    return LandingSource.from_manifest({"sources": {"x": node}})[0]
