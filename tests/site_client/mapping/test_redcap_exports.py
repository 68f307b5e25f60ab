"""Exports of REDCap: the dictionary beside one says what its codes and checkboxes mean."""

import pytest
from tests.site_client.mapping.exports import N, day, died

from riskset.errors import DataError

VARIABLES = 'dm = { type = "category", levels = ["none", "hbv", "hcv"], label = "Hepatitis" }'
DICTIONARY = """\
"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels"
record_id,base,text,Record ID,
tx,base,radio,"<b>Second-line drug</b>","1, Sorafenib | 2, Lenvatinib"
age_y,base,text,Age,
hep,base,checkbox,Hepatitis,"1, Hepatitis B | 2, HCV"
start,base,text,First dose,
death,end,text,Date of death,
last_contact,end,text,Last contact,
"""
RAW = "record_id,redcap_event_name,tx,age_y,hep___1,hep___2,start,death,last_contact"
LABELS = (
    "Record ID,Event Name,Second-line drug,Age,Hepatitis (choice=Hepatitis B),Hepatitis (choice=HCV),First dose,"
    "Date of death,Last contact"
)


def rows(i, codes):
    drug, boxes = codes[0][i % 2], [codes[1][i % 3 == at] for at in (1, 2)]
    end = day(i, 2022)
    first = f"{i + 1},baseline,{drug},{40 + i},{','.join(boxes)},{day(i)},,"
    return f"{first}\n{i + 1},end,,,,,,{end if died(i) else ''},{end}"


def raw(i):
    return rows(i, ("12", ("0", "1")))


def labelled(i):
    return rows(i, (("Sorafenib", "Lenvatinib"), ("Unchecked", "Checked")))


@pytest.fixture
def redcap(desk):
    desk.joins(VARIABLES)
    (desk.folder / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    return desk


@pytest.mark.parametrize(("header", "row", "holds"), [(RAW, raw, None), (LABELS, labelled, "labels")])
def test_the_dictionary_beside_an_export(redcap, header, row, holds):
    redcap.has(header, row)
    assert redcap.fits(key="record_id")
    found = redcap.proposes(key="record_id")
    assert (found.table.kind, found.table.keys["dictionary"]) == ("redcap", "dictionary.csv")
    assert found.table.keys.get("holds") == holds
    assert found.of("arm").entry == {"column": "tx", "recode": {"Sorafenib": "sorafenib", "Lenvatinib": "lenvatinib"}}
    assert found.of("dm").entry == {"any_of": {"hep___1": "hbv", "hep___2": "hcv"}, "none": "none"}
    assert redcap.check().rows == N


def test_without_its_dictionary_it_is_a_csv(redcap):
    redcap.has(RAW, raw)
    assert redcap.proposes(key="record_id", dictionary="").table.kind == "csv"
    (redcap.folder / "dictionary.csv").write_text(DICTIONARY.replace("hep", "x").replace("a", "b"), encoding="utf-8")
    assert redcap.proposes(key="record_id").table.kind == "csv"


def test_the_dictionary_of_another_study_makes_a_table_no_export_of_redcap(redcap):
    redcap.has(RAW.replace("record_id", "id").replace("tx", "arm"), raw)
    assert redcap.proposes().table.kind == "csv"
    redcap.has("id,arm,death,a,b,c", lambda i: f"{i},1,2020-01-01,1,2,3")
    assert redcap.proposes().table.kind == "csv"


def test_a_dictionary_that_is_named_must_be_one(redcap):
    redcap.has(RAW, raw)
    (redcap.folder / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError):
        redcap.proposes(key="record_id", dictionary=str(redcap.folder / "other.csv"))
