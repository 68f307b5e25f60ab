"""A cohort in an OMOP CDM: columns by concepts, which are looked up in its vocabulary."""

import sqlite3
from contextlib import closing

import duckdb
import pytest
from tests.site_client.data.made_cdm import make_cdm

from riskset.errors import DataError
from riskset_site.data.config import load_site_file
from riskset_site.data.source_systems import OmopSource
from riskset_site.data.sources.reading import read_source

DRUGS = {"of": "drug_exposure", "concepts": {"10": "sorafenib", "20": "lenvatinib"}}
AFP = {"of": "measurement", "concepts": [40], "gives": "value", "unit": 50}


@pytest.fixture(params=["duckdb", "sqlite"])
def address(request, tmp_path):
    found = f"{request.param}:///{tmp_path}/cdm.db"
    make_cdm(found)
    return found


def texts(table, name):
    column = table.columns[name]
    return [column.texts[code] for code in column.codes]


def read(address, **columns):
    source = OmopSource(omop=address, cohort=7, columns=columns)
    return read_source(source, [*columns, "person_id", "cohort_start_date"], ())


def problem(address, **columns):
    with pytest.raises(DataError) as raised:
        read(address, **columns)
    (found,) = raised.value.problems
    return found.message.code, str(found.message)


def test_the_members_of_the_cohort_with_what_is_known_of_the_person(address):
    names = ("birth", "sex", "death", "observation_start", "observation_end")
    table = read(address, **{name: {"of": name} for name in names})
    assert [texts(table, name) for name in ("person_id", "cohort_start_date", *names)] == [
        ["1", "2", "3"],
        ["2020-01-01", "2020-02-01", "2020-03-01"],
        ["1958-07-03", "1946", "1969-08"],
        ["male", "female", "male"],
        ["2020-07-01", "", ""],
        ["2015-01-01", "2010-01-01", "2019-01-01"],
        ["2020-06-01", "2021-02-01", "2020-03-01"],
    ]


def test_the_first_drug_after_the_start_also_as_a_descendant(address):
    assert texts(read(address, arm={**DRUGS, "days": [0, 30]}), "arm") == ["sorafenib", "lenvatinib", "sorafenib"]
    assert texts(read(address, arm={**DRUGS, "take": "last"}), "arm") == ["lenvatinib", "lenvatinib", "sorafenib"]
    assert texts(read(address, arm={**DRUGS, "descendants": False}), "arm") == ["lenvatinib", "lenvatinib", "sorafenib"]


def test_whether_there_is_one_and_when(address):
    ill = {"of": "condition_occurrence", "concepts": [30]}
    assert texts(read(address, ill={**ill, "gives": "any", "days": [-999, 0]}), "ill") == ["true", "false", "false"]
    assert texts(read(address, ill={**ill, "gives": "date"}), "ill") == ["2019-05-01", "2021-01-01", ""]


@pytest.mark.parametrize(("take", "first"), [("first", "9.5"), ("last", "8"), ("nearest", "8")])
def test_a_number_in_its_unit(address, take, first):
    assert texts(read(address, afp={**AFP, "take": take, "days": [-90, 30]}), "afp") == [first, "99", ""]


def test_a_number_in_another_unit_is_a_problem(address):
    (found,) = read(address, afp={**AFP, "unit": 51}).problems
    assert (found.message.code, found.detail) == ("data.fault.other_unit", "rows 2, 3")


def test_the_names_of_the_concepts_are_shown(address):
    (shown,) = read(address, arm=DRUGS, afp=AFP).warnings
    expected = "10 sorafenib, 20 lenvatinib, 40 Alpha-1-Fetoprotein in Serum, 50 nanogram per milliliter"
    assert str(shown.message).endswith(expected)


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ({**DRUGS, "concepts": {"99": "x"}}, "unknown"),
        ({**DRUGS, "concepts": {"21": "lenvatinib"}}, "not_standard"),
        ({"of": "condition_occurrence", "concepts": [31], "gives": "any"}, "invalid"),
        ({"of": "condition_occurrence", "concepts": [10], "gives": "any"}, "domain"),
        ({**AFP, "unit": 40}, "domain"),
    ],
)
def test_a_concept_that_is_not_what_it_should_be_is_refused(address, column, code):
    assert problem(address, x=column)[0] == f"data.omop.{code}"


def test_a_cohort_of_nobody(address):
    with pytest.raises(DataError):
        read_source(OmopSource(omop=address, cohort=9), ["person_id"], ())


def test_tables_in_a_schema(tmp_path):
    make_cdm(f"duckdb:///{tmp_path}/cdm.db")
    with closing(duckdb.connect(f"{tmp_path}/all.db")) as connection:
        connection.execute(f"create schema cdm; attach '{tmp_path}/cdm.db' as other (read_only)")
        tables = "select table_name from duckdb_tables() where database_name = 'other'"
        for (name,) in connection.execute(tables).fetchall():
            connection.execute(f"create table cdm.{name} as select * from other.{name}")
    source = OmopSource(omop=f"duckdb:///{tmp_path}/all.db", schema="cdm", cohort=7, columns={"arm": DRUGS})
    assert texts(read_source(source, ["arm"], ()), "arm")[1] == "lenvatinib"


def test_a_database_without_the_tables(tmp_path):
    sqlite3.connect(tmp_path / "empty.db").close()
    assert problem(f"sqlite:///{tmp_path}/empty.db", arm=DRUGS)[0] == "data.source.database_refused"


@pytest.mark.parametrize(
    "column",
    [
        '{ of = "persons" }',
        '{ of = "sex", days = [0, 1] }',
        '{ of = "birth", concepts = [1] }',
        '{ of = "measurement" }',
        '{ of = "measurement", concepts = [] }',
        '{ of = "measurement", concepts = ["a"], gives = "any" }',
        '{ of = "measurement", concepts = [1] }',
        '{ of = "measurement", concepts = [1], gives = "value" }',
        '{ of = "measurement", concepts = [1], gives = "any", unit = 3 }',
        '{ of = "drug_exposure", concepts = [1], gives = "value", unit = 3 }',
        '{ of = "measurement", concepts = [1], gives = "any", days = [3, 0] }',
        '{ of = "measurement", concepts = [1], gives = "any", dayz = [0, 3] }',
    ],
)
def test_an_invalid_column(hospital, column):
    head = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\nomop = "postgresql://reader@host/cdm"\ncohort = 7\n'
    hospital.writes(text=f"{head}[source.columns]\nx = {column}\n")
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file)
    assert {found.where.split(".")[0] for found in raised.value.problems} == {"[source] columns"}


def and_also(address, more):
    scheme, path = address.split(":///")
    with closing((duckdb if scheme == "duckdb" else sqlite3).connect(path)) as connection:
        connection.execute(f"insert into {more}")
        connection.commit()


@pytest.mark.parametrize("take", ["first", "last", "nearest"])
def test_two_drugs_of_one_day_are_a_problem(address, take):
    and_also(address, "drug_exposure values (2, 11, '2020-02-01')")
    (found,) = read(address, arm={**DRUGS, "take": take}).problems
    assert (found.message.code, found.detail) == ("data.fault.day_of_several", "row 3")
    assert texts(read(address, ill={**DRUGS, "gives": "date"}), "ill")[1] == "2020-02-01"


def test_two_records_of_one_day_with_one_text_are_none(address):
    and_also(address, "drug_exposure values (3, 11, '2020-03-09')")
    and_also(address, "measurement values (2, 40, '2020-02-01', 99, null, 50)")
    table = read(address, arm=DRUGS, afp=AFP)
    assert (texts(table, "arm")[2], table.problems) == ("sorafenib", ())


def test_two_numbers_of_one_day_are_a_problem(address):
    and_also(address, "measurement values (2, 40, '2020-02-01', 98, null, 50)")
    assert [one.message.code for one in read(address, afp={**AFP, "take": "last"}).problems] == [
        "data.fault.day_of_several"
    ]


@pytest.mark.parametrize(
    ("operator", "text"), [(4171756, "<2.5"), (4171754, "<=2.5"), (4172704, ">2.5"), (4171755, ">=2.5"), (0, "2.5")]
)
def test_the_sign_before_a_number_is_read(address, operator, text):
    and_also(address, f"measurement values (3, 40, '2020-02-01', 2.5, {operator}, 50)")
    table = read(address, afp=AFP)
    assert (texts(table, "afp")[2], table.problems) == (text, ())


def test_a_sign_that_is_not_known_is_a_problem(address):
    and_also(address, "measurement values (3, 40, '2020-02-01', 2.5, 99, 50)")
    (found,) = read(address, afp=AFP).problems
    assert (found.message.code, found.detail) == ("data.fault.other_operator", "row 4")
