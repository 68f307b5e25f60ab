"""Each example of docs/site-sources.md reads the same patients, from an export of its kind that is written here."""

import re
import sqlite3
import tomllib
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from tests.site_client.data.made_cdm import make_cdm

PAGE = (Path(__file__).parents[3] / "docs" / "site-sources.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

NAMES = ["arm", "age", "mvi", "afp", "start", "death", "last"]
ROWS = [
    ["sorafenib", 61, True, 9.5, date(2020, 1, 1), date(2020, 7, 1), date(2020, 6, 1)],
    ["lenvatinib", 73, False, 99.0, date(2020, 2, 1), None, date(2021, 2, 1)],
    ["sorafenib", 50, False, None, date(2020, 3, 1), None, date(2020, 3, 1)],
]


def as_texts(rows):
    return [["" if value is None else str(value) for value in row] for row in rows]


def csv_export(folder, source):
    below = [["合計"], ["2025-07-12"]]
    lines = [["一覧"], [], NAMES, *as_texts(ROWS), *below]
    text = "\n".join(source["delimiter"].join(line) for line in lines)
    (folder / source["csv"]).write_text(text, source["encoding"])


def excel_export(folder, source):
    book = openpyxl.Workbook()
    book.active.append(["memo"])
    sheet = book.create_sheet(source["sheet"])
    for row in (["List"], NAMES, [], *ROWS, ["total", 3]):
        sheet.append(row)
    sheet.append([])
    book.save(folder / source["excel"])


def frame():
    return pd.DataFrame(ROWS, columns=NAMES)


def parquet_export(folder, source):
    frame().to_parquet(folder / source["parquet"])


def feather_export(folder, source):
    frame().to_feather(folder / source["feather"])


def coded_frame():
    """The patients as programs of statistics hold them: with codes."""
    coded = frame()
    return coded.assign(
        arm=coded.arm.map({"sorafenib": 1.0, "lenvatinib": 2.0}), mvi=coded.mvi * 1.0, age=coded.age * 1.0
    )


LABELS = {"arm": {1: "sorafenib", 2: "lenvatinib"}}


def sas_export(folder, source):
    pyreadstat.write_xport(frame().astype({"mvi": float}), folder / source["sas"], file_format_version=5)


def spss_export(folder, source):
    pyreadstat.write_sav(coded_frame(), folder / source["spss"], variable_value_labels=LABELS)


def stata_export(folder, source):
    pyreadstat.write_dta(coded_frame(), folder / source["stata"], variable_value_labels=LABELS)


def database_export(folder, source):
    scheme, path = source["database"].split(":///")
    whole = frame().assign(no=range(len(ROWS)))
    tables = {"patients": whole.drop(columns="death"), "deaths": whole[["no", "death"]]}
    if path == "exports":
        (folder / path).mkdir()
        tables["patients"].to_csv(folder / path / "patients.csv", index=False)
        tables["deaths"].to_parquet(folder / path / "deaths.parquet")
    elif scheme == "duckdb":
        with duckdb.connect(folder / path) as connection:
            for name, table in tables.items():
                connection.register("made", table)
                connection.execute(f"create table {name} as select * from made")
    else:
        with closing(sqlite3.connect(folder / path)) as connection:
            whole.to_sql("patients", connection, index=False)


def omop_export(folder, source):
    make_cdm(f"duckdb:///{folder / 'cdm.duckdb'}")


MAKERS = {
    "omop": omop_export,
    "database": database_export,
    "csv": csv_export,
    "excel": excel_export,
    "parquet": parquet_export,
    "feather": feather_export,
    "sas": sas_export,
    "spss": spss_export,
    "stata": stata_export,
}


def kind_of(block):
    return next(kind for kind in MAKERS if kind in tomllib.loads(block)["source"])


@pytest.mark.parametrize("block", BLOCKS, ids=kind_of)
def test_an_example_reads_the_patients(hospital, block):
    expected = hospital.cohort().analysis_sets["os"]
    MAKERS[kind_of(block)](hospital.folder, tomllib.loads(block)["source"])
    hospital.writes(text='schema = 1\nstudy = "trial"\nsite = "kurume"\n' + block)
    check = hospital.check()
    assert check.problems == ()
    found = hospital.cohort().analysis_sets["os"]
    assert sorted(found.days.tolist()) == sorted(expected.days.tolist())
    assert sorted(found.variables["age"].tolist()) == [50.0, 61.0, 73.0]


def test_every_kind_has_an_example():
    from riskset_site.data.source_kinds import SOURCES

    assert {kind_of(block) for block in BLOCKS} == set(SOURCES)
