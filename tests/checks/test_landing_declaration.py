"""What a dbt source may declare about its files, and what the Pandera schema built from it lets through."""

import copy
import time
from datetime import date, datetime

import pyarrow as pa
import pytest

from checks.landing import LandingSource, failures, landing_schema
from ml.errors import AsofError

FILE = "models/staging/shop/_shop__sources.yml"
NOT_NULL = [{"type": "not_null"}]
NODE = {
    "source_name": "shop",
    "name": "visits",
    "identifier": "shop__visits",
    "schema": "landing",
    "original_file_path": FILE,
    "config": {
        "meta": {
            "feed": "nycflights",
            "landing": {
                "path": "shop/visits", "format": "csv", "null": "NA", "key": ["visit"], "known_at": "reported_at",
            },
        }
    },
    "columns": {
        "visit": {"name": "visit", "data_type": "integer", "constraints": NOT_NULL, "config": {"meta": {}}},
        "day": {"name": "day", "data_type": "date"},
        "shop": {
            "name": "shop",
            "data_type": "varchar",
            "config": {"meta": {"accepted": {"values": ["north", "south"]}}},
        },
        "amount": {"name": "amount", "data_type": "double", "config": {"meta": {"accepted": {"min": 0, "max": 100}}}},
        "reported_at": {"name": "reported_at", "data_type": "timestamp", "constraints": NOT_NULL},
    },
}  # fmt: skip


def declared(change=lambda node: None) -> list[LandingSource]:
    node = copy.deepcopy(NODE)
    change(node)
    return LandingSource.from_manifest({"sources": {"source.asof.shop.visits": node}})


def landing(**keys):
    return lambda node: node["config"]["meta"]["landing"].update(keys)


def column(of, **keys):
    return lambda node: node["columns"][of].update(keys)


def rows(count=1000, **columns) -> pa.Table:
    (source,) = declared()
    values = {
        "visit": range(count),
        "day": [date(2013, 7, 1)] * count,
        "shop": ["north"] * count,
        "amount": [1.0] * count,
        "reported_at": [datetime(2013, 7, 1)] * count,
    }
    return pa.table({name: list(value) for name, value in {**values, **columns}.items()}, schema=source.arrow_schema)


def test_a_source_is_read_from_the_manifest_alone():
    (source,) = declared()
    assert (source.name, source.relation) == ("shop.visits", "landing.shop__visits")
    assert (source.null, source.key, source.known_at, source.feed) == (
        ("NA",),
        ("visit",),
        "reported_at",
        "nycflights",
    )
    assert source.max_rejected_share == 0.01
    assert [one.required for one in source.columns] == [True, False, False, False, True]


def test_a_source_without_landing_is_none_of_ours():
    assert declared(lambda node: node["config"].update(meta={})) == []


def test_known_at_null_means_known_always_and_must_be_written():
    assert declared(landing(known_at=None))[0].known_at is None
    with pytest.raises(AsofError, match=r"landing\.known_at is missing"):
        declared(lambda node: node["config"]["meta"]["landing"].pop("known_at"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (landing(pth="x"), r"shop\.visits: landing\.pth is unknown"),
        (landing(format="xlsx"), r"landing\.format is 'xlsx'"),
        (landing(path="../secrets"), r"landing\.path is '\.\./secrets'"),
        (landing(path="/etc"), r"landing\.path"),
        (landing(path="a'; drop table x"), r"landing\.path"),
        (landing(key=["vist"]), r"landing\.key names 'vist'.*did you mean visit"),
        (landing(known_at="day_"), r"landing\.known_at is 'day_'"),
        (landing(known_at="day"), r"shop\.visits\.day is a key or known_at and needs"),
        (landing(max_rejected_share=2), r"landing\.max_rejected_share is 2"),
        (landing(refers_to="flights"), r"landing\.refers_to is 'flights'"),
        (landing(refers_to="cohort"), r"visits refers to a cohort and must declare problem as varchar, not_null"),
        (column("visit", constraints=[]), r"visit is a key or known_at and needs the constraint not_null"),
        (column("amount", data_type="money"), r"amount: data_type 'money'"),
        (column("amount", name='a" from x; --'), r"column .* is not a name"),
        (column("amount", name="_line"), r"column 'shop\.visits\._line' is not a name"),
        (column("amount", config={"meta": {"accepted": {"mn": 1}}}), r"amount: accepted\.mn is unknown"),
        (column("shop", config={"meta": {"accepted": {"min": 1}}}), r"min and max are for numbers"),
        (lambda node: node.update(name="visits; drop"), r"source table .* is not a name"),
        (
            lambda node: node.update(identifier="visits"),
            r"must have schema landing and identifier shop__visits",
        ),
        (lambda node: node.update(columns={}), r"declares no columns"),
    ],
)
def test_a_wrong_declaration_is_refused_by_file_and_key(change, message):
    with pytest.raises(AsofError, match=message) as error:
        declared(change)
    assert str(error.value).startswith(FILE)
    assert "\n" not in str(error.value)


def test_good_rows_have_no_failures_and_nulls_are_allowed_where_nothing_forbids_them():
    schema = landing_schema(declared()[0])
    assert failures(rows(2, shop=[None, "south"], amount=[None, 100.0]), schema) == []


def test_each_failure_names_row_column_and_reason():
    bad = rows(4, visit=[1, None, 3, 4], shop=["north", "north", "west", "north"], amount=[1.0, 1.0, 1.0, -5.0])
    assert sorted(failures(bad, landing_schema(declared()[0]))) == [
        (1, "visit", "is null"),
        (2, "shop", "west is none of north, south"),
        (3, "amount", "-5.0 is outside 0 to 100"),
    ]


def test_a_day_of_a_thousand_rows_is_checked_in_25_milliseconds_of_work():
    schema, day = landing_schema(declared()[0]), rows(1000)
    failures(day, schema)

    def work() -> float:
        start = time.process_time()
        failures(day, schema)
        return time.process_time() - start

    assert min(work() for _ in range(5)) < 0.025
