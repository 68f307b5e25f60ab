"""From an export of each shape to a site file with which the check passes, or which asks what only a hospital knows."""

import pytest
from tests.site_client.mapping.exports import DAYS, HEADER, N, arm, day, died, plain


def test_an_export_in_the_study_s_own_words(desk):
    desk.has(HEADER, plain)
    assert desk.fits()
    assert desk.proposes().choices == ()
    assert [one.entry for one in desk.proposes().variables] == ["arm", "age", "start", "death", "last_contact"]


def test_several_rows_a_patient(desk):
    def rows(i):
        base = f"{i + 1},baseline,{arm(i)},{40 + i},{day(i)},,{day(i)}"
        end = f"{i + 1},end,,,,{day(i, 2022) if died(i) else ''},{day(i, 2022)}"
        return f"{base}\n{end}"

    desk.has("record_id,redcap_event_name,arm,age,start,death,last_contact", rows)
    assert desk.fits(key="record_id")
    assert desk.check().rows == N
    assert dict(desk.proposes(key="record_id").source)["rows"] == {"one_per": "record_id"}
    assert desk.proposes(key="record_id").of("last_contact").entry == {"column": "last_contact", "take": "max"}


def test_a_value_that_differs_among_the_rows_of_a_patient_is_asked(desk):
    def rows(i):
        of = f"{i + 1},{arm(i)}"
        return f"{of},{40 + i},{day(i)},,{day(i, 2021)}\n{of},{41 + i},{day(i)},,{day(i, 2022)}"

    desk.has(HEADER, rows)
    (choice,) = desk.proposes().open
    assert (choice.id, choice.options) == ("age.take", ("first", "last", "max", "min"))
    assert '#     age = {column = "age", take = "first"}' in desk.writes()
    assert desk.fits(choose={"age.take": "min"})


CHECKBOXES = 'dm = { type = "category", levels = ["none", "hbv", "hcv"] }'


def test_checkboxes_whose_codes_say_nothing_are_asked(desk):
    desk.joins(CHECKBOXES)
    desk.has(f"{HEADER},dm___1,dm___2", lambda i: f"{plain(i)},{int(i % 3 == 1)},{int(i % 3 == 2)}")
    assert '# perhaps: dm = {any_of = {"dm___1" = "...", "dm___2" = "..."}, none = "none"}' in desk.writes()
    assert desk.fits(recode={"dm": {"dm___1": "hbv", "dm___2": "hcv"}})
    assert desk.read("dm") == (N, 0)


def test_checkboxes_with_labels(desk):
    desk.joins(CHECKBOXES)
    boxes = "dm (choice=Hepatitis B),dm (choice=C형간염)"
    checked = ("Unchecked", "Checked")
    desk.has(f"{HEADER},{boxes}", lambda i: f"{plain(i)},{checked[i % 3 == 1]},{checked[i % 3 == 2]}")
    assert desk.fits()


def test_several_checked_boxes_are_asked(desk):
    desk.joins(CHECKBOXES)
    desk.has(f"{HEADER},dm___1,dm___2", lambda i: f"{plain(i)},{int(i % 2 == 1)},{int(i % 3 == 1)}")
    answers = {"recode": {"dm": {"dm___1": "hbv", "dm___2": "hcv"}}}
    assert [choice.id for choice in desk.proposes(**answers).open] == ["dm.several"]
    assert desk.fits(**answers, choose={"dm.several": "first"})


def test_a_day_that_means_that_there_is_none(desk):
    desk.has(HEADER, lambda i: plain(i).replace(",,", ",9999-12-31,"))
    assert desk.fits()
    assert desk.read("death") == (N * 2 // 3, N // 3)


def test_days_of_a_workbook_among_dates(desk):
    desk.has(HEADER, lambda i: plain(i).replace(day(i), "44004") if i % 5 == 0 else plain(i))
    assert desk.fits()
    assert dict(desk.proposes().source)["dates"] == ["%Y-%m-%d", "excel"]


def test_a_status_and_one_date(desk):
    def row(i):
        return f"{i + 1},{arm(i)},{40 + i},{day(i)},{'死亡' if died(i) else '生存'},{day(i, 2022)}"

    desk.has("id,arm,age,start,転帰,最終確認日", row)
    assert desk.fits()
    assert desk.proposes().of("death").entry == {"date": "最終確認日", "where": {"転帰": ["死亡"]}}
    assert desk.read("death") == (N * 2 // 3, N // 3)


def test_a_status_of_codes_is_asked(desk):
    desk.has(
        "id,arm,age,start,status,last_contact", lambda i: f"{i + 1},{arm(i)},50,{day(i)},{1 + died(i)},{day(i, 2022)}"
    )
    (choice,) = desk.proposes().open
    assert (choice.id, set(choice.options)) == ("death.where", {"1", "2"})
    assert '#     death = {date = "last_contact", where = {status = ["2"]}}' in desk.writes()
    assert desk.fits(choose={"death.where": "2"})
    assert desk.read("death") == (N * 2 // 3, N // 3)


def test_months_and_a_status_with_codes_before_words(desk):
    desk.joins(endpoint=DAYS)
    desk.has(
        "id,arm,age,OS_MONTHS,OS_STATUS",
        lambda i: f"{i + 1},{arm(i)},{40 + i},{i + 1.5},{'1:DECEASED' if died(i) else '0:LIVING'}",
    )
    assert desk.fits()
    assert desk.proposes().of("days").entry == {"column": "OS_MONTHS", "unit": "month"}


def test_events_of_1_and_2_are_asked(desk):
    desk.joins(endpoint=DAYS)
    desk.has("id,arm,age,days,event", lambda i: f"{i + 1},{arm(i)},{40 + i},{100 + i},{1 + died(i)}")
    assert [one.meaning for one in desk.proposes().of("event").texts] == [None, None]
    assert desk.problems() != []
    assert desk.fits(recode={"event": {"1": "false", "2": "true"}})


def test_codes_by_their_beginning(desk):
    desk.joins('tumour = { type = "category", levels = ["C22", "C23"] }')
    desk.has(f"{HEADER},tumour", lambda i: f"{plain(i)},{('C22.0', 'C229', 'C23')[i % 3]}")
    assert desk.fits()
    assert desk.proposes().of("tumour").entry == {"column": "tumour", "pattern": {"C22*": "C22"}}


def test_a_pattern_may_be_answered(desk):
    desk.joins('liver = { type = "category", levels = ["no", "yes"] }')
    desk.has(f"{HEADER},icd", lambda i: f"{plain(i)},{('C22.0', 'C229', 'K74')[i % 3]}")
    assert "# liver: no column found; name its column" in desk.writes()
    assert "icd" in desk.proposes().unused
    assert desk.fits(columns={"liver": "icd"}, recode={"liver": {"C22*": "yes", "K74": "no"}})


def test_semicolons_and_decimal_commas(desk):
    desk.joins('afp = { type = "number", unit = "ng/mL", range = [0, 100000] }')
    desk.has(f"{HEADER},afp".replace(",", ";"), lambda i: f"{plain(i).replace(',', ';')};{i},{i}")
    assert desk.fits()
    found = desk.proposes()
    assert (found.table.keys, found.source["decimal"]) == ({"delimiter": ";"}, ",")


def test_kana_of_half_width_and_a_dose(desk):
    drugs = ("ｿﾗﾌｪﾆﾌﾞ", "レンバチニブ", "ソラフェニブ", "レンバチニブ 8mg")
    desk.has(HEADER, lambda i: plain(i).replace(arm(i), drugs[i % 4]))
    with_dose = [one for one in desk.proposes().of("arm").texts if one.text.endswith("mg")]
    assert [(one.meaning, one.is_sure) for one in with_dose] == [("lenvatinib", False)]
    assert len(desk.problems()) == 1
    assert desk.fits(recode={"arm": {"レンバチニブ 8mg": "lenvatinib"}})


@pytest.mark.parametrize(
    ("encoding", "words"), [("cp949", ("소라페닙", "렌바티닙")), ("cp932", ("ソラフェニブ", "レンバチニブ"))]
)
def test_the_encoding_under_which_the_drugs_appear(desk, encoding, words):
    desk.has(HEADER, lambda i: plain(i).replace(arm(i), words[i % 2]), encoding=encoding)
    assert desk.fits()
    assert desk.proposes().table.encoding == encoding


CREATININE = 'creatinine = { type = "number", unit = "umol/L", range = [0, 2000] }'


def test_a_unit_that_is_converted(desk):
    desk.joins(CREATININE)
    desk.has(f"{HEADER},Cre", lambda i: f"{plain(i)},0.{i + 10} mg/dL")
    (choice,) = desk.proposes().open
    assert (choice.id, choice.options, choice.proposed) == ("creatinine.factor", ("88.42",), "88.42")
    assert desk.proposes(accept=["creatinine"]).of("creatinine").entry is None
    of = {"choose": {"creatinine.factor": "88.42"}, "accept": ["creatinine"]}
    assert desk.proposes(**of).of("creatinine").entry == {"column": "Cre", "unit": "mg/dL", "factor": 88.42}
    assert desk.fits(**of)


def test_a_unit_that_nobody_can_convert_is_not_read_as_the_study_s(desk):
    desk.joins(CREATININE)
    desk.has(f"{HEADER},creatinine (g/h)", lambda i: f"{plain(i)},{i}")
    found = desk.proposes().of("creatinine")
    assert (found.entry, found.suggestion["factor"]) == (None, "...")
    assert desk.problems() == [("column 'creatinine' (variable creatinine)", "not in the export")]
    assert desk.proposes(accept=["creatinine"]).of("creatinine").entry is None
    assert desk.fits(accept=["creatinine"], choose={"creatinine.factor": "1"})


def test_many_texts_are_written_one_to_a_line(desk):
    drugs = [f"{drug} {n}回目" for n in range(12) for drug in ("ソラフェニブ", "レンバチニブ")]
    desk.has(HEADER, lambda i: plain(i).replace(arm(i), drugs[i]))
    meanings = {drug: "sorafenib" if drug[0] == "ソ" else "lenvatinib" for drug in drugs}
    text = desk.writes(recode={"arm": meanings})
    assert '\n[map.arm.recode]\n"ソラフェニブ 0回目" = "sorafenib"\n' in text
    assert desk.check().fits


@pytest.mark.parametrize("header", ["処方日", "採血日", "オーダ日", "처방일", "채혈일"])
def test_the_day_of_a_prescription_or_test_is_the_order_of_rows(desk, header):
    desk.joins('afp = { type = "number", range = [0, 1e6], required = false }')
    rows = [f"{plain(i // 2)},2022/{9 - i % 2}/{i // 2 + 1},{i % 2}" for i in range(2 * N)]
    desk.exports("\n".join([f"{HEADER},{header},AFP", *rows]))
    assert desk.proposes().source["rows"] == {"one_per": "id", "order": header}
    assert desk.fits(choose={"afp.take": "first"})
    assert "data.fault.unordered" not in [one.message.code for one in desk.check().warnings]
    (afp,) = [one for one in desk.check().variables if one.variable == "afp"]
    assert afp.spread.minimum == afp.spread.maximum == 1  # of August, the later row of the file


def test_the_day_of_a_visit_comes_before_that_of_a_test(desk):
    rows = [f"{plain(i // 2)},2022/{9 - i % 2}/1,2022/{i % 2 + 1}/3" for i in range(2 * N)]
    desk.exports("\n".join([f"{HEADER},採血日,来院日", *rows]))
    assert desk.proposes().source["rows"]["order"] == "来院日"


@pytest.mark.parametrize("header", ["採血日", "来院日", "검사일"])
def test_a_day_that_some_rows_lack_is_no_order(desk, header):
    """The check would refuse them: a base row of REDCap has no day of a test."""
    rows = [f"{plain(i // 2)},{'' if i % 8 == 0 else f'2022/{9 - i % 2}/1'}" for i in range(2 * N)]
    desk.exports("\n".join([f"{HEADER},{header}", *rows]))
    assert desk.proposes().source["rows"] == {"one_per": "id"}
    assert desk.fits()


def test_first_and_last_by_the_order_of_the_file_are_told(desk):
    desk.joins('afp = { type = "number", range = [0, 1e6], required = false }')
    desk.exports("\n".join([f"{HEADER},AFP", *(f"{plain(i // 2)},{i % 2}" for i in range(2 * N))]))
    assert desk.fits(choose={"afp.take": "first"})
    assert [one.message.code for one in desk.check().warnings] == ["data.fault.unordered"]
    assert desk.fits(choose={"afp.take": "max"})
    assert desk.check().warnings == ()


def test_rows_that_agree_need_no_order(desk):
    desk.exports("\n".join([HEADER, *(plain(i // 2) for i in range(2 * N))]))
    desk.writes()
    text = desk.site_file.read_text(encoding="utf-8").replace('one_per = "id"', 'one_per = "id", take = "first"')
    desk.site_file.write_text(text, encoding="utf-8")
    assert (desk.check().problems, desk.check().warnings) == ((), ())


@pytest.mark.parametrize("died_on", ["22년06월 5일경", "2206055"])
def test_a_day_in_an_unknown_form_is_no_status(desk, died_on):
    desk.has(HEADER, lambda i: f"{i + 1},{arm(i)},{40 + i},{day(i)},{died_on if died(i) else ''},{day(i, 2022)}")
    assert desk.proposes().open == ()


def test_days_of_six_digits_are_asked_about_and_read(desk):
    def compact(text):
        return text[2:].replace("-", "")

    desk.has(
        HEADER, lambda i: f"{i + 1},{arm(i)},{40 + i},{compact(day(i))},{compact(day(i, 2022))},{compact(day(i, 2022))}"
    )
    assert [choice.id for choice in desk.proposes().open] == ["dates.order"]
    assert desk.fits(choose={"dates.order": "%y%m%d"})


def test_a_patient_number_of_six_digits_is_no_date(desk):
    desk.has(HEADER.replace("id", "no_hosp"), lambda i: f"{100120 + i}{plain(i)[plain(i).index(',') :]}")
    assert [one.column for one in desk.proposes(key="no_hosp").keys] == ["no_hosp"]
