"""Days that are stored as instants: midnight in Tokyo is 15:00 of the day before in UTC."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone

import duckdb
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest

from riskset.errors import DataError
from riskset_site.data.config import load_site_file
from riskset_site.data.dates import date_reader
from riskset_site.data.faults import Unreadable
from riskset_site.data.source_kinds import SOURCES
from riskset_site.data.sources.cells import marked_text
from riskset_site.data.sources.instants import as_days
from riskset_site.data.sources.reading import read_source
from riskset_site.data.sources.table import TextColumn

TOKYO = timezone(timedelta(hours=9))
DAYS = [datetime(2024, 1, 31, tzinfo=TOKYO), datetime(2024, 2, 1, tzinfo=TOKYO), None]


def texts(table, name):
    return list(table.columns[name].by_row)


@pytest.fixture
def file(tmp_path):
    def write(values, zone):
        path = tmp_path / "export.parquet"
        pa.parquet.write_table(pa.table({"day": pa.array(values, pa.timestamp("us", zone)), "n": [1.5, 2, 3]}), path)
        return path

    return write


def read(path, zone=None):
    return read_source(SOURCES["parquet"](parquet=path, zone=zone), ["day", "n"], ())


def test_midnight_elsewhere_is_a_problem_that_asks_for_the_zone(file):
    (found,) = read(file(DAYS, "UTC")).problems
    assert (found.message.code, 'zone = "Asia/Tokyo"' in str(found.hint)) == ("data.fault.instant", True)
    assert found.detail == "rows 2, 3: '2024-01-30 15:00:00+00:00', '2024-01-31 15:00:00+00:00'"


def test_in_the_zone_of_the_site_they_are_its_days(file):
    table = read(file(DAYS, "UTC"), "Asia/Tokyo")
    assert (texts(table, "day"), table.problems) == (["2024-01-31", "2024-02-01", ""], ())


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_midnight_in_their_own_zone_is_that_day(file, zone):
    assert texts(read(file(DAYS, "Asia/Tokyo"), zone), "day") == ["2024-01-31", "2024-02-01", ""]
    utc = [datetime(2024, 1, 31, tzinfo=UTC), None, None]
    assert texts(read(file(utc, "UTC"), zone), "day") == ["2024-01-31", "", ""]


def test_a_local_mean_time_is_a_zone():
    first = datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=8, minutes=27, seconds=52)))
    assert marked_text(first) == "\x011900-01-01 00:00:00+08:27:52"
    column = TextColumn(np.zeros(1, np.int32), (marked_text(first),))
    assert as_days("day", column, None, np.array([2]))[0].texts == ("1900-01-01",)


def test_a_point_in_time_has_its_day_in_the_zone_and_keeps_its_time(file):
    at = [datetime(2024, 1, 30, 23, 30, tzinfo=UTC), None, None]
    assert texts(read(file(at, "UTC"), "Asia/Seoul"), "day") == ["2024-01-31 08:30:00", "", ""]


def test_one_time_in_all_rows_is_told(file):
    at = [datetime(2024, 1, day, 15) for day in (1, 2, 3)]
    (found,) = read(file(at, None)).warnings
    assert found.message.code == "data.fault.same_time"
    assert not read(file([*at[:2], datetime(2024, 1, 3, 9)], None)).warnings
    assert not read(file([one.replace(hour=0) for one in at], None)).warnings


def test_of_a_database_of_duckdb(tmp_path):
    with closing(duckdb.connect(f"{tmp_path}/d.db")) as connection:
        connection.execute("create table t as select timestamptz '2024-01-30 15:00:07+00' as day, 1 as n")
    source = {"database": f"duckdb:///{tmp_path}/d.db", "query": "select * from t"}
    found = read_source(SOURCES["database"](**source), ["day"], ())
    assert [one.message.code for one in found.problems] == ["data.fault.instant"]
    assert texts(read_source(SOURCES["database"](**source, zone="Asia/Tokyo"), ["day"], ()), "day") == [
        "2024-01-31 00:00:07"
    ]


@pytest.mark.parametrize("type_", ["date", "timestamp", "timestamptz"])
def test_infinity_is_no_date_and_can_be_named(tmp_path, type_):
    with closing(duckdb.connect(f"{tmp_path}/d.db")) as connection:
        made = f"select * from (values (1, '-infinity'::{type_}), (2, 'infinity'), (3, '2024-01-31')) as t(n, day)"
        connection.execute(f"create table t as {made}")
    query = "select * from t order by n"
    source = SOURCES["database"](database=f"duckdb:///{tmp_path}/d.db", query=query)
    first, second, third = texts(read_source(source, ["day"], ()), "day")
    assert (first, second, third[:10]) == ("-infinity", "infinity", "2024-01-31")


@pytest.mark.parametrize("zone", ["Tokyo", "", "../etc/passwd", "JST+9 "])
def test_a_zone_that_nobody_knows(hospital, zone):
    head = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\nparquet = "x"\n'
    hospital.writes(text=f"{head}zone = {zone!r}\n")
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file, needs_export=False)
    assert [found.where for found in raised.value.problems] == ["[source] zone"]


def test_the_check_has_one_problem_a_column_and_none_with_the_zone(hospital):
    rows = {"arm": ["sorafenib", "lenvatinib"], "age": [61, 50], "mvi": [True, False], "afp": [1.5, 2]}
    days = {name: pa.array([DAYS[0], DAYS[1]], pa.timestamp("us", "UTC")) for name in ("start", "last")}
    pa.parquet.write_table(pa.table({**rows, **days, "death": pa.nulls(2)}), hospital.folder / "e.parquet")
    head = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\nparquet = "e.parquet"\n'
    hospital.writes(text=head)
    assert [one.message.code for one in hospital.check().problems] == ["data.fault.instant"] * 2
    hospital.writes(text=f'{head}zone = "Asia/Tokyo"\n')
    assert hospital.check().problems == ()


def test_what_is_not_asked_for_is_not_judged(file):
    table = read_source(SOURCES["parquet"](parquet=file(DAYS, "UTC")), ["n"], (), every=True)
    assert (list(table.columns), table.problems) == (["n", "day"], ())


def texts_of(tmp_path, values, zone=None, kind="csv", **more):
    lines = [f'"{value}",{n}' for n, value in enumerate(values)]
    if kind == "csv":
        (tmp_path / "x").write_text("\n".join(["day,n", *lines]) + "\n")
    elif kind == "excel":
        book = openpyxl.Workbook()
        for row in [["day", "n"], *zip(values, range(len(values)), strict=True)]:
            book.active.append(row)
        book.save(tmp_path / "x")
    else:
        pa.parquet.write_table(pa.table({"day": values, "n": list(range(len(values)))}), tmp_path / "x")
    return read_source(SOURCES[kind](**{kind: tmp_path / "x"}, zone=zone), ["day", "n"], (), **more)


@pytest.mark.parametrize(
    "values", [["20240130150000+0000", "20240131150000Z"], ["20240130T150000.0+0000", "202401311500+00"]]
)
def test_digits_with_their_zone_are_an_instant(tmp_path, values):
    assert [one.message.code for one in texts_of(tmp_path, values).problems] == ["data.fault.instant"]
    assert texts(texts_of(tmp_path, values, "Asia/Tokyo"), "day") == ["2024-01-31", "2024-02-01"]


INSTANTS = ["2024-01-30T15:00:00Z", "2024-01-31T15:00:00Z", "2024-02-01T15:00:00Z"]


@pytest.mark.parametrize("kind", ["csv", "excel", "parquet"])
def test_a_text_with_its_zone_is_an_instant(tmp_path, kind):
    table = texts_of(tmp_path, INSTANTS, kind=kind)
    assert [one.message.code for one in table.problems] == ["data.fault.instant"]
    assert not table.warnings
    table = texts_of(tmp_path, INSTANTS, "Asia/Tokyo", kind)
    assert (texts(table, "day"), table.problems) == (["2024-01-31", "2024-02-01", "2024-02-02"], ())


@pytest.mark.parametrize(
    ("values", "zone", "expected"),
    [
        (
            ["2024-01-30 23:30:00.5+00:00", "2024-01-30 01:00+0000", "NA"],
            "Asia/Seoul",
            ["2024-01-31 08:30:00", "2024-01-30 10:00:00", "NA"],
        ),
        (["2024-01-30T00:00:00Z", ""], "America/New_York", ["2024-01-30T00:00:00Z", ""]),
        (["2024-01-30T00:00:00+09:00", ""], None, ["2024-01-30T00:00:00+09:00", ""]),
        (["2024-01-30T25:00:00Z", ""], "Asia/Tokyo", ["2024-01-30T25:00:00Z", ""]),
        (["2024-01-30 15:00:00", "\x01A+01"], "Asia/Tokyo", ["2024-01-30 15:00:00", "\x01A+01"]),
    ],
)
def test_other_texts(tmp_path, values, zone, expected):
    table = texts_of(tmp_path, values, zone)
    assert (texts(table, "day"), table.problems) == (expected, ())


def test_midnight_in_its_own_zone_is_its_day_and_no_other_time_is():
    read = date_reader(["%Y-%m-%d"])
    for text in ("2024-01-30T00:00:00Z", "2024-01-30 00:00:00+09:00", "2024-01-30T00:00Z"):
        assert read(text) == date(2024, 1, 30)
    for text, *formats in (
        ("2024-01-30T15:00:00Z", "%Y-%m-%d"),
        ("2024-01-30T15:00:00Z", "%Y-%m-%dT%H:%M:%SZ"),
        ("2024-01-30 15:00:00+0000", "%Y-%m-%d %H:%M:%S%z"),
        ("20240130150000+0000", "%Y%m%d%H%M%S%z"),
        ("20240130150000Z", "%Y%m%d%H%M%SZ"),
    ):
        with pytest.raises(Unreadable):
            date_reader(formats)(text)
    assert date_reader(["%Y%m%d%H%M%S%z"])("20240130150000+0900") == date(2024, 1, 30)
    assert date_reader(["%Y-%m-%dT%H:%M:%SZ"])("2024-01-30T00:00:00Z") == date(2024, 1, 30)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["2024-01-30 15:00:00", "2024/1/31 15:00", "", "20240201 15:00:00", "NA"], ["same_time"]),
        (["20240130150000", "20240131150000", "20240201150000"], ["same_time"]),
        (["20240130", "20240131", "20240201"], []),
        (["2024-01-30 14:20:11", "2024-01-31 14:20:11", "2024-02-01 14:20:11"], []),
        (["202401301030", "202401311030", "202402011030"], []),
        (["202401301430", "202401311430", "202402011430"], ["same_time"]),
        (["2024-01-30 00:00:00", "2024-01-31 00:00:00", "2024-02-01 00:00:00"], []),
        (["2024-01-30 09:00:00", "2024-01-31 09:00:00", "2024-02-01 09:00:00"], []),
        (["2024-01-30 15:00:00", "2024-01-31 15:00:00", "2024-02-01"], []),
        (["2024-01-30 15:00:00", "2024-01-31 15:00:00", "2024-02-01 14:00:00"], []),
        (["2024-01-30 15:00:00", "2024-01-31 15:00:00"], []),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "excel"])
def test_one_time_in_all_texts_is_told(tmp_path, kind, values, found):
    assert [one.message.code.rpartition(".")[2] for one in texts_of(tmp_path, values, kind=kind).warnings] == found


def test_a_text_that_begins_with_a_control_sign_is_no_instant(tmp_path):
    values = ["\x012024-01-30", "2024-01-31T15:00:00Z", "\x01x"]
    (problem,) = texts_of(tmp_path, values, kind="csv").problems
    assert (problem.message.code, problem.rows) == ("data.fault.instant", (3,))
