"""Units that the export itself names: where they are not the study's, the check says so before it is used."""

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from riskset_site.data.unit_words import are_one_unit, are_other, is_row_of_units, time_named, unit_named

NAMES = ["id", "arm", "age", "mvi", "afp", "start", "death", "last"]
N = 8


def patient(i, afp):
    return [i + 1, ("sorafenib", "lenvatinib")[i % 2], 50 + i, "yes", afp, f"2020-01-{i + 1:02}", "", "2021-06-01"]


def exports(hospital, name="afp", *beside, unit_at=lambda _: ""):
    """An export of a few patients, whose AFP is in a column of this name, and perhaps one of units."""
    header = ",".join([*(name if one == "afp" else one for one in NAMES), *beside])
    rows = (",".join(map(str, [*patient(i, i + 3.5), *(unit_at(i) for _ in beside)])) for i in range(N))
    hospital.exports("\n".join([header, *rows]) + "\n")
    hospital.writes('key = "id"', "[map]", f'afp = "{name}"')


def reads(hospital, source):
    hospital.writes(source, 'key = "id"', text='schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\n')


def unit_warnings(hospital):
    found = hospital.check()
    assert found.problems == ()
    codes = ("data.warning.other_unit", "data.fault.unit_beside")
    return [dict(one.message.values) for one in found.warnings if one.message.code in codes]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("T.bil(umol/L)", "umol/L"),
        ("T.bil_umol", "umol/L"),
        ("crea_umol_L", "umol/L"),
        ("총빌리루빈 [μmol/L]", "μmol/L"),
        ("総ビリルビン_mg/dL", "mg/dL"),
        ("T-Bil mg/dL", "mg/dL"),
        ("総ビリルビン/mg/dL", "mg/dL"),
        ("Albumin, g/L", "g/L"),
        ("T-Bil〔mg/dL〕", "mg/dL"),
        ("総ビリルビン＜㎎/㎗＞", "㎎/㎗"),
        ("PLT（×10³/μL）", "×10³/μL"),
        ("혈소판(만/uL)", "만/uL"),
        ("PLT (G/L)", "G/L"),
        ("size_mm", "mm"),
        *((text, "") for text in ("AFP", "AFP [2]", "dose_g", "vitamin_k", "lab_au", "ALBI (grade)", "HCV (RNA)", "")),
    ],
)
def test_a_text_names_a_known_unit_or_none(text, unit):
    assert unit_named(text) == unit


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        ("IU/L", "U/L", True),
        ("ug/L", "ng/mL", True),
        ("K/uL", "10^9/L", True),
        ("G/L", "10^3/mm3", True),
        ("mg/dL", "mg/100mL", True),
        ("mg", "mg/dL", True),
        ("만/uL", "10^9/L", False),
        ("g/dL", "g/L", False),
        ("IU/mL", "ng/mL", False),
        ("mg/dL", "umol/L", False),
        ("mm", "cm", False),
        ("%", "INR", False),
    ],
)
def test_units_are_one_or_others(one, another, same):
    assert (are_one_unit(one, another), are_other(one, another)) == (same, not same)


def test_what_is_not_known_is_no_other_unit():
    assert not are_other("mg/dL", "score")
    assert not are_one_unit("score", "score")
    assert (time_named("OS(개월)"), time_named("OS_months"), time_named("OS_M")) == ("개월", "months", "")


@pytest.mark.parametrize("name", ["AFP (IU/mL)", "AFP_ug/mL", "AFP_umol"])
def test_another_unit_in_the_name_is_a_warning(hospital, name):
    exports(hospital, name)
    (found,) = unit_warnings(hospital)
    assert found == {"found": unit_named(name), "expected": "ng/mL"}


@pytest.mark.parametrize("name", ["AFP (ng/mL)", "AFP_ng", "AFP (ug/L)", "AFP [baseline]", "AFP_ng/ml"])
def test_the_study_s_unit_in_the_name_is_none(hospital, name):
    exports(hospital, name)
    assert unit_warnings(hospital) == []


def test_the_site_file_has_the_last_word(hospital):
    exports(hospital, "AFP (IU/mL)")
    for entry in ('unit = "IU/mL", factor = 1.21', 'unit = "ng/mL"'):
        hospital.writes('key = "id"', "[map]", f'afp = {{ column = "AFP (IU/mL)", {entry} }}')
        assert unit_warnings(hospital) == []


def test_a_time_in_another_unit(hospital):
    exports(hospital)
    text = (hospital.folder / "export.csv").read_text(encoding="utf-8").replace("age", "age (months)", 1)
    hospital.exports(text)
    hospital.writes('key = "id"', "[map]", 'age = "age (months)"')
    assert unit_warnings(hospital) == [{"found": "months", "expected": "year"}]


@pytest.mark.parametrize(("format_", "warned"), [('0.0" IU/mL"', True), ('0.0" ng/mL"', False), ("0.0", False)])
def test_a_number_format_of_excel_names_it(hospital, format_, warned):
    book = openpyxl.Workbook()
    for row in [NAMES, *(patient(i, i + 3.5) for i in range(N))]:
        book.active.append(row)
    for row in range(2, N + 2):
        book.active.cell(row, 5).number_format = format_
    book.save(hospital.folder / "export.xlsx")
    reads(hospital, 'excel = "export.xlsx"')
    assert bool(unit_warnings(hospital)) is warned


@pytest.mark.parametrize(("label", "warned"), [("AFP (IU/mL)", True), ("Alpha-fetoprotein, ng/mL", False)])
def test_a_label_of_the_file_names_it(hospital, label, warned):
    frame = pd.DataFrame([patient(i, i + 3.5) for i in range(N)], columns=NAMES)
    pyreadstat.write_sav(frame, hospital.folder / "export.sav", column_labels={"afp": label})
    reads(hospital, 'spss = "export.sav"')
    assert bool(unit_warnings(hospital)) is warned


@pytest.mark.parametrize("beside", ["afp_unit", "afp단위", "afp (単位)"])
def test_a_column_of_units_is_read_row_by_row(hospital, beside):
    exports(hospital, "afp", beside, unit_at=lambda i: "IU/mL" if i % 4 == 0 else "ng/ml")
    (warning,) = [one for one in hospital.check().warnings if one.message.code == "data.fault.unit_beside"]
    assert warning.message == f"2 rows have other units in {beside} than ng/mL: IU/mL"
    assert warning.rows == (2, 6)


def test_a_column_of_the_study_s_unit_is_no_warning(hospital):
    exports(hospital, "afp", "afp_unit", unit_at=lambda i: ("ng/mL", "ng/ml", "ug/L", "")[i % 4])
    assert unit_warnings(hospital) == []


def test_the_units_of_cdisc_stand_under_a_name_of_their_own(hospital):
    exports(hospital, "LBSTRESN", "LBSTRESU", unit_at=lambda _: "IU/mL")
    assert [one["column"] for one in unit_warnings(hospital)] == ["LBSTRESU"]


def test_a_row_of_units_is_no_patient_s(hospital):
    exports(hospital)
    names, *rows = (hospital.folder / "export.csv").read_text(encoding="utf-8").splitlines()
    hospital.exports("\n".join([names, ",,(세),,(ng/mL),,,", *rows]))
    found = hospital.check()
    (problem,) = found.problems
    assert (problem.message.code, found.rows) == ("data.fault.units_row", N)
    assert "header = [1, 2]" in problem.hint
    hospital.writes("header = [1, 2]", 'key = "id"', "[map]", 'afp = "afp/(ng/mL)"', 'age = "age/(세)"')
    assert unit_warnings(hospital) == []
    assert hospital.check().rows == N


@pytest.mark.parametrize("cells", [("", "mg/dL", ""), ("単位", "歳"), ("(세)",), ("西暦", "[ng/mL]")])
def test_a_row_of_units(cells):
    assert is_row_of_units(cells)


@pytest.mark.parametrize("cells", [(), ("", ""), ("西暦",), ("1", "mg/dL"), ("male", "63"), ("(1)",), ("x", "歳")])
def test_no_row_of_units(cells):
    assert not is_row_of_units(cells)
