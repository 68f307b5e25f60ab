"""The site file: every refusal, all at once, each with its line."""

from pathlib import Path

import pytest

from riskset.catalogue import say
from riskset.errors import DataError
from riskset_site.data.config import load_site_file


def refusals(hospital):
    """What is wrong with the site file, as (line, where, message, hint)."""
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file, hospital.study)
    return [(found.line, found.where, str(found.message), str(found.hint)) for found in raised.value.problems]


def test_the_export_is_found_beside_the_site_file_from_anywhere(hospital, monkeypatch):
    monkeypatch.chdir("/")
    assert load_site_file(hospital.site_file, hospital.study).source.csv == hospital.folder / "export.csv"


def test_a_relative_site_file_leads_to_an_absolute_export(hospital, monkeypatch):
    monkeypatch.chdir(hospital.folder)
    found = load_site_file(Path("site.toml")).source.csv
    monkeypatch.chdir("/")
    assert found.is_file()


def test_all_problems_are_reported_in_one_pass(hospital):
    hospital.writes(
        'encodng = "cp932"',
        'dates = ["%m/%d"]',
        "[map]",
        'arm = { column = "drug", recode = { "LEN" = "lenvatinip" } }',
        'agee = "age"',
        'afp = { colum = "AFP" }',
        'mvi = { years_between = ["a", "b"] }',
        'start = { column = "start", other = "exclude" }',
        "[limits]",
        "min_cell = 3",
    )
    assert refusals(hospital) == [
        (6, "[source] encodng", "unknown key", "did you mean 'encoding'?"),
        (
            7,
            "[source] dates",
            "'%m/%d' does not contain year, month and day; examples: '%Y-%m-%d', '%d.%m.%Y', 'wareki'",
            "",
        ),
        (9, "[map] arm.recode.LEN", "'lenvatinip' is not a value of the study", "did you mean 'lenvatinib'?"),
        (10, "[map] agee", "not a variable of the study", "did you mean 'age'?"),
        (11, "[map] afp.colum", "unknown key", "did you mean 'column'?"),
        (12, "[map] mvi.years_between", "gives a number of years, but the variable is a boolean", ""),
        (
            13,
            "[map] start.other",
            "only a category or a boolean can exclude rows; an unreadable number or date is an error",
            'remove other = "exclude"',
        ),
        (
            15,
            "[limits] min_cell",
            "min_cell is 3; the study's is 5",
            "a site's own min_cell is a whole number, not smaller than the study's",
        ),
    ]


def test_a_different_study_and_an_unknown_site(hospital):
    hospital.writes(text='schema = 1\nstudy = "trail"\nsite = "kurumi"\n[source]\ncsv = "export.csv"\n')
    assert refusals(hospital) == [
        (2, "study", "this file is for the study 'trail', not 'trial'", ""),
        (3, "site", "the study has no site 'kurumi'", "did you mean 'kurume'?"),
    ]


def test_an_export_that_is_not_there(hospital):
    (hospital.folder / "export.csv").unlink()
    assert refusals(hospital) == [
        (
            5,
            "[source] csv",
            "there is no file 'export.csv'",
            "a relative path starts at the folder of the site file",
        )
    ]


@pytest.mark.parametrize(("encoding", "better"), [("shift_jis", "cp932"), ("SJIS", "cp932"), ("euc-kr", "cp949")])
def test_an_encoding_that_lacks_letters(hospital, encoding, better):
    hospital.writes(f'encoding = "{encoding}"')
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file, hospital.study)
    (found,) = raised.value.problems
    assert found.where == "[source] encoding"
    assert found.message == say("data.site_file.narrow_encoding", encoding=encoding, wider=better)


@pytest.mark.parametrize("encoding", ["no-such-thing", "base64", "rot13"])
def test_an_unknown_encoding(hospital, encoding):
    hospital.writes(f'encoding = "{encoding}"')
    assert "unknown encoding" in refusals(hospital)[0][2]


def test_utf_8_reads_the_mark_that_excel_writes(hospital):
    hospital.writes('encoding = "UTF8"')
    assert load_site_file(hospital.site_file).source.encoding == "utf-8-sig"


@pytest.mark.parametrize("delimiter", ["", ",,", "a", "\\n", '\\"'])
def test_an_invalid_delimiter(hospital, delimiter):
    hospital.writes(f'delimiter = "{delimiter}"')
    assert "one character" in refusals(hospital)[0][2]


def test_a_level_must_not_be_a_missing_code(hospital):
    hospital.writes('missing = ["sorafenib"]')
    assert refusals(hospital)[0][2] == "'sorafenib' is a missing code and also a level of arm"
    hospital.writes('missing = ["sorafenib"]', '[map]\narm = { column = "arm", recode = { sorafenib = "sorafenib" } }')
    assert load_site_file(hospital.site_file, hospital.study).site == "kurume"


def test_a_windows_path_in_double_quotes(hospital):
    hospital.writes(text='schema = 1\n[source]\ncsv = "C:\\Users\\data.csv"\n')
    ((line, _, message, hint),) = refusals(hospital)
    assert line == 3
    assert message.startswith("not valid TOML")
    assert hint == r"in a path write / for \, or put the path in single quotes"


def test_a_site_file_that_is_not_there(hospital):
    hospital.site_file.unlink()
    with pytest.raises(DataError, match="cannot read the site file"):
        load_site_file(hospital.site_file)


def test_a_site_file_in_a_different_encoding(hospital):
    hospital.site_file.write_bytes("# 久留米".encode("cp932"))
    with pytest.raises(DataError, match="not UTF-8"):
        load_site_file(hospital.site_file)


def test_a_site_file_with_a_byte_order_mark(hospital):
    hospital.site_file.write_bytes(b"\xef\xbb\xbf" + hospital.site_file.read_bytes())
    assert load_site_file(hospital.site_file).site == "kurume"


def test_limits_of_rules_may_be_stricter(hospital):
    hospital.writes("[limits]", "min_cell = 8", "R1.population_rows = 100", 'R4.leverage = "1/10"', "R7.spread = 2.5")
    limits = load_site_file(hospital.site_file, hospital.study).limits
    assert limits == {"min_cell": "8", "R1.population_rows": "100", "R4.leverage": "1/10", "R7.spread": "2.5"}


STRICTER = "a site's own limits can only be stricter; a looser limit needs an exception with a reason"


@pytest.mark.parametrize(
    ("lines", "where", "message", "hint"),
    [
        (
            ["R1.population_rows = 29"],
            "R1.population_rows",
            "29 is looser than the study's limit (at least 30)",
            STRICTER,
        ),
        (
            ["R1.population_row = 99"],
            "R1.population_row",
            "R1.population_row is neither a rule nor a limit",
            "did you mean R1.population_rows?",
        ),
        (['R7.spread = "a lot"'], "R7.spread", "'a lot' is not a number", "write 20, 0.2 or 1/5"),
        (["R7.spread = -1"], "R7.spread", "'-1' is negative", "write 20, 0.2 or 1/5"),
        (
            ["min_cell = 12", "R1.population_rows = 29"],
            "R1.population_rows",
            "29 is looser than the study's limit (at least 30)",
            STRICTER,
        ),
        (
            ["min_cell = 40", "R1.population_rows = 35"],
            "R1.population_rows",
            "35 is looser than the study's limit (at least 40)",
            STRICTER,
        ),
    ],
)
def test_a_limit_that_is_looser_or_unknown(hospital, lines, where, message, hint):
    hospital.writes("[limits]", *lines)
    assert refusals(hospital) == [(6 + len(lines), f"[limits] {where}", message, hint)]
