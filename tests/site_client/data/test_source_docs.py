"""Each example of docs/site-sources.md reads the same patients, from an export of its kind that is written here."""

import re
import sqlite3
import tomllib
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import httpx
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from tests.site_client.data.made_cdm import make_cdm

from riskset_site.data.sources.redcap import TOKEN

PAGE = (Path(__file__).parents[3] / "docs" / "site-sources.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

NAMES = ["arm", "age", "mvi", "afp", "start", "death", "last"]
ROWS = [
    ["sorafenib", 61, True, 9.5, date(2020, 1, 1), date(2020, 7, 1), date(2020, 6, 1)],
    ["lenvatinib", 73, False, 99.0, date(2020, 2, 1), None, date(2021, 2, 1)],
    ["sorafenib", 50, False, None, date(2020, 3, 1), None, date(2020, 3, 1)],
]


DAYS = [(182, 1), (366, 0), (0, 0)]
OF_DAYS = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
kurume = { name = "Site B, Kurume" }
[variables]
arm = { type = "category", levels = ["sorafenib", "lenvatinib"] }
age = { type = "number", range = [18, 100] }
days = { type = "number", range = [0, 5000] }
dead = { type = "boolean" }
[time]
grid = { width_days = 7, max_days = 2191 }
[endpoints.os]
days = "days"
event = "dead"
[analyses]
cox = { kind = "cox", endpoints = ["os"], multivariable = ["arm", "age"] }
"""


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


def adtte_export(folder, name):
    rows = [(f"01-{no}", row[0].capitalize(), row[1], *DAYS[no]) for no, row in enumerate(ROWS)]
    made = pd.DataFrame(
        [
            (subject, arm, age, parameter, days / (2 if parameter == "PFS" else 1), 1.0 - event)
            for subject, arm, age, days, event in rows
            for parameter in ("PFS", "OS")
        ],
        columns=["USUBJID", "TRTP", "AGE", "PARAMCD", "AVAL", "CNSR"],
    )
    pyreadstat.write_xport(made, folder / name, file_format_version=5, table_name="ADTTE")


def sas_export(folder, source):
    if source["sas"] == "adtte.xpt":
        adtte_export(folder, source["sas"])
        return
    pyreadstat.write_xport(frame().astype({"mvi": float}), folder / source["sas"], file_format_version=5)


def spss_export(folder, source):
    pyreadstat.write_sav(coded_frame(), folder / source["spss"], variable_value_labels=LABELS)


def stata_export(folder, source):
    pyreadstat.write_dta(coded_frame(), folder / source["stata"], variable_value_labels=LABELS)


def ssmix2_export(folder):
    folder.mkdir()
    names = {"sorafenib": "ソラフェニブ", "lenvatinib": "レンバチニブ"}
    birth, last = ["19580703", "19460801", "19690803"], ["20200601", "20210201", "20200301"]
    base, drugs = ["患者ID,生年月日,脈管侵襲,死亡日,最終来院日"], ["患者ID,開始日,薬剤名"]
    for no, (arm, _, mvi, _, start, death, _) in enumerate(ROWS):
        gone = death.strftime("%Y%m%d") if death else ""
        base.append(f"{no},{birth[no]},{'あり' if mvi else 'なし'},{gone},{last[no]}")
        drugs += [f"{no},{start:%Y%m%d},{names[arm]}", f"{no},20190101,アスピリン", f"{no},20251231,ソラフェニブ"]
    tests = [
        "患者ID,検査日,項目名,結果値",
        "0,20200101,AFP,9.5",
        "0,20210101,AFP,7",
        "1,20200101,AFP,99",
        "1,20200101,PT,1",
    ]
    for name, lines in (("患者基本", base), ("注射処方", drugs), ("検体検査", tests)):
        (folder / f"{name}.csv").write_text("\n".join(lines), "utf-8")


def database_export(folder, source):
    scheme, path = source["database"].split(":///")
    if path == "ssmix2":
        ssmix2_export(folder / path)
        return
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


DICTIONARY = """\
Variable / Field Name,Form Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels"
record_id,base,text,Record ID,
arm,base,radio,Drug,"1, Sorafenib | 2, Lenvatinib"
age,base,text,Age,
invasion,base,checkbox,Invasion,"1, vein | 2, bile duct"
afp,base,text,AFP,
start,base,text,First dose,
death,follow_up,text,Died on,
last,follow_up,text,Last contact,
"""


def redcap_rows():
    """A row of the baseline and one of the follow-up for every patient."""
    yield ["record_id", "redcap_event_name", "arm", "age", "invasion___1", "invasion___2", *NAMES[3:]]
    for no, (arm, age, mvi, afp, start, death, last) in enumerate(ROWS):
        code = {"sorafenib": 1, "lenvatinib": 2}[arm]
        yield [no, "baseline_arm_1", code, age, int(mvi), 0, afp, start, None, None]
        yield [no, "follow_up_arm_1", None, None, None, None, None, None, death, last]


def redcap_export(folder, source):
    rows = [",".join(line) for line in as_texts(redcap_rows())]
    (folder / source["redcap"]).write_text("\n".join(rows), "utf-8")
    (folder / source["dictionary"]).write_text(DICTIONARY, "utf-8")


def redcap_answer(address, data, **_):
    """What the API of the example answers."""
    dictionary = "field_name,field_type,field_label,select_choices_or_calculations\n"
    dictionary += "\n".join(f"{name},text,{name}," for name in ["record_id", *NAMES])
    lines = [["record_id", *NAMES], *([no, *row] for no, row in enumerate(ROWS))]
    records = "\n".join(",".join(line) for line in as_texts(lines))
    return httpx.Response(200, text=dictionary if data["content"] == "metadata" else records)


def omop_export(folder, source):
    make_cdm(f"duckdb:///{folder / 'cdm.duckdb'}")


MAKERS = {
    "redcap": redcap_export,
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
def test_an_example_reads_the_patients(hospital, block, monkeypatch):
    expected = hospital.cohort().analysis_sets["os"]
    source = tomllib.loads(block)["source"]
    if "https://" in source.get("redcap", ""):
        monkeypatch.setenv(TOKEN, "T0KEN")
        monkeypatch.setattr(httpx, "post", redcap_answer)
    else:
        MAKERS[kind_of(block)](hospital.folder, source)
    if "adtte" in block:
        hospital.joins_as_written(OF_DAYS)
    hospital.writes(text='schema = 1\nstudy = "trial"\nsite = "kurume"\n' + block)
    check = hospital.check()
    assert check.problems == ()
    found = hospital.cohort().analysis_sets["os"]
    assert sorted(found.days.tolist()) == sorted(expected.days.tolist())
    assert sorted(found.variables["age"].tolist()) == [50.0, 61.0, 73.0]


def test_every_kind_has_an_example():
    from riskset_site.data.source_kinds import SOURCES

    assert {kind_of(block) for block in BLOCKS} == set(SOURCES)
