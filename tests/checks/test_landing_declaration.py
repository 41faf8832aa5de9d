"""What a dbt source may declare about its files, and that every mistake is refused by file and key."""

import copy
from datetime import date, datetime

import pytest

from checks.landing import LandingSource
from checks.limits import Limits
from checks.written import Written
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
            "feed": "archive",
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


def test_a_source_is_read_from_the_manifest_alone():
    (source,) = declared()
    assert (source.name, source.relation) == ("shop.visits", "landing.shop__visits")
    assert (source.null, source.key, source.known_at, source.feed) == (
        ("NA",),
        ("visit",),
        "reported_at",
        "archive",
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
        (landing(refers_to="shops"), r"landing\.refers_to is 'shops'"),
        (landing(refers_to="cohort"), r"visits refers to a cohort and must declare problem as varchar, not_null"),
        (column("visit", constraints=[]), r"visit is a key or known_at and needs the constraint not_null"),
        (column("amount", data_type="money"), r"amount: data_type 'money'"),
        (column("amount", name='a" from x; --'), r"column .* is not a name"),
        (column("amount", name="_line"), r"column 'shop\.visits\._line' is not a name"),
        (column("amount", config={"meta": {"accepted": {"mn": 1}}}), r"amount: accepted\.mn is unknown"),
        (column("shop", config={"meta": {"accepted": {"min": 1}}}), r"min and max are for numbers, dates"),
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


def meta(of, **keys):
    return column(of, config={"meta": keys})


def one(of, *changes):
    def change(node):
        for each in changes:
            each(node)

    return next(column for column in declared(change)[0].columns if column.name == of)


def test_a_column_declares_how_it_is_written():
    assert one("visit").written == Written()
    assert one("day", meta("day", format="%d/%m/%Y")).written == Written(format="%d/%m/%Y")
    european = landing(decimal=",", thousands=".", timezone="Europe/Berlin", delimiter=";")
    assert one("amount", european).written == Written(decimal=",", thousands=".")
    assert one("visit", european).written == Written(thousands=".")
    assert one("reported_at", european).written == Written(timezone="Europe/Berlin")
    assert one("reported_at", european, meta("reported_at", timezone="UTC")).written == Written(timezone="UTC")


def test_dates_and_instants_have_bounds_whether_or_not_they_are_declared():
    assert one("day").bounds == (date(1900, 1, 1), date(2199, 12, 31))
    bounded = one("day", meta("day", accepted={"min": "1850-01-01", "max": "9999-12-31"}))
    assert bounded.bounds == (date(1850, 1, 1), date(9999, 12, 31))
    at = one("reported_at", meta("reported_at", accepted={"min": "2026-01-01T06:00"}))
    assert at.bounds == (datetime(2026, 1, 1, 6), datetime(2199, 12, 31, 23, 59, 59, 999999))


def test_renames_and_limits_are_read():
    (source,) = declared(landing(rename={"Visit No.": "visit", "5": "amount"}, limits={"columns": 20}))
    assert source.rename == (("Visit No.", "visit"), ("5", "amount"))
    assert source.limits == Limits(columns=20)


@pytest.mark.parametrize("word", ["group", "end", "order", "select", "model_version", "table"])
def test_a_word_that_sql_keeps_for_itself_is_a_name(word):
    def rename(node):
        node["columns"][word] = {"name": word, "data_type": "integer"}

    assert one(word, rename).name == word


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (meta("day", format="%d/%m"), r"visits\.day\.format is '%d/%m'; it needs year, month and day"),
        (meta("day", format="%d/%m/%Y %H:%M"), r"day\.format has %H, but the column is a date"),
        (meta("day", format="%d/%m/%Q"), r"day\.format has %Q"),
        (meta("day", format="%-d%-m%Y"), r"needs a mark after it"),
        (meta("reported_at", format="%d/%m/%Y %I:%M"), r"%I with %p"),
        (meta("shop", format="%d/%m/%Y"), r"shop\.format is for date and timestamp, not for varchar"),
        (meta("day", timezone="Europe/Berlin"), r"day\.timezone is for timestamp, not for date"),
        (meta("reported_at", timezone="Mars/Olympus"), r"timezone is 'Mars/Olympus', which is no IANA time zone"),
        (meta("reported_at", timezone="../../etc/passwd"), r"which is no IANA time zone"),
        (meta("reported_at", timezon="UTC"), r"reported_at\.timezon is unknown \(did you mean timezone\?\)"),
        (meta("amount", decimal="'"), r"amount\.decimal is"),
        (meta("amount", decimal=",", thousands=","), r"amount\.thousands and decimal are both ','"),
        (landing(decimal=";"), r"decimal is ';'"),
        (landing(delimiter="::"), r"landing\.delimiter is '::'"),
        (landing(rename={"Visit": "vist"}), r"rename\.Visit is 'vist' \(did you mean visit\?\)"),
        (landing(rename={"Visit": "visit", "No": "visit"}), r"rename\.No is visit, as another"),
        (landing(rename=["visit"]), r"landing\.rename must pair"),
        (landing(limits={"file": 1}), r"landing\.limits\.file is unknown"),
        (landing(limits={"columns": 2}), r"visits has 5 columns"),
        (landing(quoted_null="yes"), r"quoted_null is 'yes'"),
        (meta("day", accepted={"min": "31/12/2025"}), r"day: accepted\.min is '31/12/2025'"),
        (meta("day", accepted={"min": "2026-01-01T05:00"}), r"must be a day"),
        (meta("reported_at", accepted={"max": "2026-01-01T05:00+02:00"}), r"in UTC, without a zone"),
        (meta("amount", accepted={"min": 2, "max": 1}), r"accepted\.min is 2"),
        (meta("amount", accepted={"values": ["north"]}), r"accepted\.values holds 'north', which is no double"),
        (column("visit", constraints=["not_null"]), r"visit: constraints must be a list such as"),
        (column("amount", name="5"), r"column 'shop\.visits\.5' is not a name.*rename"),
        (column("amount", name="Größe"), r"column .* is not a name.*rename"),
        (column("amount", name="Amount"), r"column .* is not a name.*rename"),
    ],
)
def test_a_wrong_written_form_is_refused_by_file_and_key(change, message):
    with pytest.raises(AsofError, match=message) as error:
        declared(change)
    assert str(error.value).startswith(FILE)
    assert "\n" not in str(error.value)


def test_true_and_false_have_texts_of_their_own():
    def member(**keys):
        return lambda node: node["columns"].update(member={"name": "member", "data_type": "boolean", "config": {"meta": keys}})

    assert one("member", member(true_values=["Y", "y"], false_values="N")).written.true_values == ("Y", "y")
    with pytest.raises(AsofError, match=r"true_values holds True, which YAML does not read as text"):
        declared(member(true_values=[True]))
    with pytest.raises(AsofError, match=r"true_values and false_values share false"):
        declared(member(true_values=["false"]))


def test_two_sources_that_would_land_in_one_table_are_refused_by_name():
    def node(source, table, file):
        return {**copy.deepcopy(NODE), "source_name": source, "name": table, "identifier": f"{source}__{table}",
                "original_file_path": file}  # fmt: skip

    both = {"x": node("a__b", "c", "one.yml"), "y": node("a", "b__c", "two.yml")}
    with pytest.raises(AsofError, match=r"two\.yml: a\.b__c and a__b\.c of one\.yml would both land in landing\.a__b__c"):
        LandingSource.from_manifest({"sources": both})
    plain = {"source_name": "asof", "name": "clock", "identifier": "clock", "schema": "landing", "original_file_path": "z.yml"}
    other = {**plain, "source_name": "mine", "original_file_path": "y.yml"}
    with pytest.raises(AsofError, match=r"mine\.clock and asof\.clock of z\.yml"):
        LandingSource.from_manifest({"sources": {"x": plain, "y": other}})
