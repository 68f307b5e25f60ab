"""Exports as hospitals' programs and Excel leave them: no value is taken for another in silence, and each hint, once
followed, makes the data fit."""

import unicodedata
from datetime import date, timedelta

import pytest

from riskset.errors import DataError
from riskset_site.data.check_page import check_page
from riskset_site.data.sources.csv import read_csv

HEADER = "no,arm,age,mvi,start,death,last"
KEY = 'key = "no"'


def patient(number, i=0, death="", last="2021-01-01"):
    return f"{number},sorafenib,{50 + i % 40},{'yes' if i % 3 else 'no'},2020-01-{i % 28 + 1:02},{death},{last}"


def patients(numbers):
    return [
        patient(number, i, *((f"2020-09-{i % 30 + 1:02}", "") if i % 2 else ())) for i, number in enumerate(numbers)
    ]


@pytest.fixture
def export(hospital):
    hospital.writes(KEY)

    def checked(rows, header=HEADER):
        hospital.exports("\n".join([header, *rows]))
        check = hospital.check()
        told = [*check.problems, *check.warnings]
        return check.fits, {found.message.code.removeprefix("data."): found for found in told}

    return checked


@pytest.mark.parametrize("blank", [" , ,,\u3000,,,", "\u3000,,,,,,"])
def test_rows_of_spaces_are_no_patients(hospital, export, blank):
    assert export([*patients(range(9)), blank]) == (True, {})
    assert hospital.check().rows == 9


class TestPatientNumbers:
    @pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u200e", "\u00ad"])
    def test_characters_that_cannot_be_seen_do_not_make_another_patient(self, export, unseen):
        fits, told = export(patients(["1001", f"1001{unseen}", "1002"]))
        assert (fits, list(told)) == (False, ["fault.shared_key"])

    @pytest.mark.parametrize("numbers", [["1.23E+09", "1.23E+09", "77"], ["1.23E+09", "1.24E+09"], ["1e+05", "2"]])
    def test_rounded_by_excel_no_row_is_called_superfluous(self, export, numbers):
        fits, told = export(patients(numbers))
        assert (fits, list(told)) == (False, ["fault.rounded_key"])
        assert "keep every row" in told["fault.rounded_key"].hint

    @pytest.mark.parametrize("mark", ["〃", "″", "同上", "々", "위와 같음", "ditto", "↓"])
    @pytest.mark.parametrize("rows", [KEY, 'rows = { one_per = "no" }'])
    def test_a_mark_for_the_number_above_is_no_patient(self, hospital, export, mark, rows):
        hospital.writes(rows)
        fits, told = export([*patients([*range(1, 21), mark]), patient(mark, 20), patient(f"x{mark}9", 21)])
        assert (fits, list(told)) == (False, ["fault.ditto_key"])
        assert told["fault.ditto_key"].detail.startswith("rows 22, 23:")

    @pytest.mark.parametrize("pair", [("001001", "1001"), ("1001.0", "1001"), ("a17", "A17"), ("'1001", "1001")])
    def test_the_same_number_written_twice_is_shown(self, export, pair):
        fits, told = export(patients([*pair, "1002"]))
        assert (fits, list(told)) == (True, ["fault.keys_alike"])
        assert told["fault.keys_alike"].detail.startswith("rows 2, 3:")

    @pytest.mark.parametrize("name", ["Total", "合計", "평균"])
    @pytest.mark.parametrize("source", [KEY, ""])
    def test_a_total_below_the_table_is_shown(self, hospital, export, name, source):
        hospital.writes(source)
        fits, told = export(patients([*range(1, 21), name]))
        assert (fits, list(told)) == (True, ["fault.no_digit_key"])
        assert told["fault.no_digit_key"].detail.startswith("row 22:")
        assert "footer = 1" in told["fault.no_digit_key"].hint
        hospital.writes(source, "footer = 1")
        _, told = export(patients([*range(1, 21), name]))
        assert list(told) == ["fault.footer"], "the hint, followed"

    def test_numbers_that_are_names_are_no_totals(self, export):
        assert export(patients([*"abcdefghijklmnop", *range(20)])) == (True, {})


def test_a_file_that_is_written_while_it_is_read_is_not_used(hospital, export, monkeypatch):
    """Its last value may be the beginning of one, and a date all the same."""

    def meanwhile(path, *expected, **how):
        table = read_csv(path, *expected, **how)
        with path.open("a", encoding="utf-8") as file:
            file.write("5")
        return table

    rows = [*patients(range(9)), patient(9, last="2021-01-1")]
    assert export(rows) == (True, {})
    monkeypatch.setattr("riskset_site.data.sources.reading.read_csv", meanwhile)
    with pytest.raises(DataError, match="written while it was read") as refused:
        export(rows)
    assert "wait until it is complete" in str(refused.value.hint)


class TestHeader:
    @pytest.mark.parametrize("above", ["List of 2024-07-01", "Patient,,,,Dates,,"])
    def test_names_below_the_first_row_are_found_there(self, hospital, export, above):
        rows = patients(range(9))
        fits, told = export([HEADER, *rows], header=above)
        assert (fits, list(told)) == (False, ["source.other_header"])
        hospital.writes(KEY, str(told["source.other_header"].hint).removeprefix("set ").removesuffix(" in [source]"))
        assert export([HEADER, *rows], header=above) == (True, {}), "the hint, followed"

    def test_a_name_in_other_compositions_of_its_letters_is_the_same(self, hospital, export):
        decomposed = unicodedata.normalize("NFD", "치료")
        header = HEADER.replace("arm", decomposed)
        hospital.writes(KEY, "[map]", 'arm = "치료"')
        fits, told = export(patients(range(9)), header)
        assert (fits, list(told)) == (True, ["source.respelled_column"])
        assert f"'{decomposed}'" in told["source.respelled_column"].where
        hospital.writes(KEY, "[map]", f'arm = "{decomposed}"')
        assert export(patients(range(9)), header) == (True, {})

    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_the_header_of_a_second_export_below_the_first_is_told_once(self, export, mark):
        rows = patients(range(18))
        fits, told = export([*rows[:9], mark + HEADER, *rows[9:]])
        assert (fits, list(told)) == (False, ["fault.header_again"])
        assert told["fault.header_again"].detail == "row 11"
        assert export(rows) == (True, {}), "the hint, followed"

    @pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
    def test_the_delimiter_under_which_all_columns_appear_is_named(self, hospital, export, delimiter):
        rows = [one.replace(",", delimiter) for one in patients(range(9))]
        header = HEADER.replace(",", delimiter)
        (hint,) = {str(found.hint) for found in export(rows, header)[1].values()}
        setting = hint.removeprefix("set ").split(" in ")[0]
        hospital.writes(KEY, setting)
        assert export(rows, header) == (True, {}), "the hint, followed"

    @pytest.mark.parametrize("encoding", ["euc_jp", "gb18030"])
    def test_a_rarer_encoding_is_named_where_the_names_show_it(self, hospital, encoding):
        hospital.writes(KEY, "[map]", 'arm = "治療"')
        hospital.exports("\n".join([HEADER.replace("arm", "治療"), *patients(range(9))]), encoding=encoding)
        (found,) = hospital.check().problems
        assert f"encoding = '{encoding}'" in found.hint

    def test_utf_16_is_told_how_to_be_saved(self, hospital):
        hospital.writes('encoding = "utf-16"')
        with pytest.raises(DataError) as refused:
            hospital.check()
        assert "save the export as 'CSV UTF-8'" in refused.value.problems[0].message

    def test_a_key_that_is_not_there_is_not_looked_for_in_map(self, hospital, export):
        hospital.writes('key = "カルテ"')
        _, told = export(patients(range(9)))
        assert "as key in [source]" in told["export.missing_column"].hint


class TestDates:
    @pytest.mark.parametrize(
        ("written", "form"),
        [
            ("%Y/%m/%d", "%Y/%m/%d"),
            ("%Y%m%d", "%Y%m%d"),
            ("%Y/%m/%d 0:00", "%Y/%m/%d"),
            ("%Y年%m月%d日", "%Y年%m月%d日"),
            ("R2.%m.%d", "wareki"),
            ("%d%b%Y", "%d%b%Y"),
            ("%d-%b-%Y", "%d-%b-%Y"),
            ("%d-%b-%Y 00:00:00", "%d-%b-%Y"),
            ("%Y.%m.%d 00:00:00.000", "%Y.%m.%d"),
        ],
    )
    def test_a_format_that_is_not_listed_is_named_and_then_reads_them(self, hospital, export, written, form):
        days = [date(2020, 1, 13) + timedelta(i) for i in range(9)]
        rows = [f"{i},sorafenib,{50 + i},yes,{day.strftime(written)},," for i, day in enumerate(days)]
        fits, told = export(rows)
        assert not fits
        assert f"'{form}'" in told["fault.not_a_date"].hint
        hospital.writes(KEY, f'dates = ["{form}"]')
        assert export(rows)[1].keys() <= {"warning.no_event"}

    def test_a_word_in_a_column_of_dates_may_mean_none(self, export):
        _, told = export([patient(1), patient(2, death="alive")])
        assert "missing in [source]" in told["fault.not_a_date"].hint

    def test_a_day_that_many_share_may_mean_that_the_event_has_not_happened(self, hospital, export):
        """Follow-up of the living would end at the cut-off."""
        cut_off = (
            (hospital.folder / "study.toml").read_text("utf-8").replace("[sites]", "data_cutoff = 2020-12-31\n[sites]")
        )
        hospital.joins_as_written(cut_off)
        rows = [
            patient(i, i, death="2021-03-31" if i % 4 == 0 else f"2020-{i % 11 + 2:02}-28", last="") for i in range(40)
        ]
        fits, told = export(rows)
        assert (fits, [*told][:1]) == (True, ["fault.same_day"])
        assert told["fault.same_day"].detail.startswith("rows 2, 6, 10, 14, 18: 2021-03-31,")
        hospital.writes(KEY, "[map]", 'death = { column = "death", recode = { "2021-03-31" = "" } }')
        assert "fault.same_day" not in export(rows)[1], "the hint, followed"

    def test_dates_that_are_rounded_to_months_share_days(self, export):
        rows = [patient(i, i, death=f"2020-{i % 7 % 5 + 2:02}-28", last="") for i in range(40)]
        assert "fault.same_day" not in export(rows)[1]

    def test_what_the_site_file_names_as_missing_is_listed_with_its_rows(self, hospital, export):
        hospital.writes('missing = ["", "55"]', 'no_date = ["2020-09-03"]', KEY)
        export(patients(range(9)))
        met = {one.variable: [(text.text, text.rows) for text in one.texts] for one in hospital.check().variables}
        assert (met["age"], met["death"], met["start"]) == ([("55", 1)], [], [])
        hospital.writes('missing = ["", "55"]', 'no_date = ["2020-09-04"]', KEY)
        assert [(one.text, one.rows) for one in hospital.check().variables[5].texts] == [("2020-09-04", 1)]


class TestVisits:
    """Of one patient, each in a row that a running number distinguishes."""

    @pytest.mark.parametrize("source", [KEY, ""])
    def test_with_the_laboratory_values_of_their_days(self, hospital, export, source):
        hospital.writes(source)
        first = date(2020, 1, 1)
        rows = [patient(i, i, last=first + timedelta(i)) for i in range(60)]
        rows = [one.replace("2020-01-", f"20{i % 7 + 12}-{i % 11 + 1:02}-", 1) for i, one in enumerate(rows)]
        again = [one.replace(",yes,", ",no,").split(",", 1)[1] for one in rows[1::3][:6]]
        header = HEADER if source else HEADER.replace("no,", "line,")
        fits, told = export([*rows, *(f"{60 + i},{one}" for i, one in enumerate(again))], header)
        assert fits
        assert told["fault.same_times"].message.startswith("12 rows")


class TestColumnsReadTwice:
    def test_a_line_of_the_map_that_was_copied_and_not_changed(self, hospital, export):
        hospital.writes(KEY, "[map]", 'last = "start"')
        fits, told = export(patients(range(9)))
        assert (fits, [*told][:1]) == (True, ["warning.one_column"])
        assert "read as start and last" in told["warning.one_column"].message

    def test_the_patient_number_as_a_value(self, hospital, export):
        hospital.writes(KEY, "[map]", 'age = "no"')
        fits, told = export(patients(range(21, 30)))
        assert (fits, list(told)) == (True, ["warning.key_is_variable"])

    def test_two_readings_of_one_column_are_two_variables(self, hospital, export):
        study = (hospital.folder / "study.toml").read_text("utf-8")
        hospital.joins_as_written(study.replace("mvi = ", 'old = { type = "boolean" }\nmvi = '))
        hospital.writes(KEY, "[map]", 'old = { column = "mvi", recode = { "yes" = false, "no" = true } }')
        assert export(patients(range(9))) == (True, {})


class TestEvents:
    def test_a_last_contact_in_the_column_of_deaths_is_shown(self, export):
        fits, told = export([patient(i, i, death=f"2020-12-{i + 1:02}", last="") for i in range(20)])
        assert (fits, list(told)) == (True, ["warning.all_events"])

    def test_the_living_without_a_last_contact_are_counted(self, export):
        dead = [patient(i, i, death=f"2020-12-{i + 1:02}", last="") for i in range(20)]
        _, told = export([*dead, *(patient(100 + i, i, last="") for i in range(7))])
        assert told["warning.all_events"].detail.startswith("7 more eligible rows have no follow-up")

    def test_no_event_at_all_is_shown(self, export):
        fits, told = export([patient(i, i, last=f"2020-12-{i + 1:02}") for i in range(20)])
        assert (fits, list(told)) == (True, ["warning.no_event"])

    def test_a_column_that_is_not_there_is_told_as_that_alone(self, export):
        rows = [patient(i, i, death=f"2020-12-{i + 1:02}") for i in range(20)]
        assert list(export(rows, HEADER.replace("last", "contact"))[1]) == ["export.missing_column"]

    def test_few_patients_may_all_be_alive(self, export):
        assert export([patient(i, i, last=f"2020-12-{i + 1:02}") for i in range(19)]) == (True, {})


@pytest.mark.parametrize("minus", "‐‑‒–−")
def test_a_minus_that_is_none_is_named_with_the_number(hospital, minus):
    hospital.joins_as_written((hospital.folder / "study.toml").read_text("utf-8").replace("[18, 100]", "[-100, 100]"))
    hospital.exports(f"arm,age,mvi,start,death,last\nsorafenib,{minus}3,yes,2020-01-01,,2021-01-01\n")
    (found,) = hospital.check().problems
    assert (found.message.code, found.detail) == ("data.fault.alike", f"row 2: '{minus}3' = '-3'")


def test_where_the_arm_is_missing_no_study_without_it_is_proposed(hospital, export):
    export([one.replace("sorafenib", "") if i < 3 else one for i, one in enumerate(patients(range(20)))])
    said = " ".join(check_page(hospital.check()).split())
    assert "The arm (arm) is missing for more than 5% of the eligible rows here" in said
    assert "a study without it" not in said
