"""What a proposal does not find, or cannot read, it says; counts are of rows."""

import pytest
from tests.site_client.mapping.exports import DATES, HEADER, N, day, plain

from riskset.cli import main

PFS = (
    DATES.replace("[endpoints.os]", 'progression = { type = "date", required = false }\n[endpoints.os]')
    + '[endpoints.pfs]\norigin = "start"\nevent = ["progression", "death"]\ncensor = "last_contact"\n'
)


def progressions(i):
    return f"{plain(i)},{day(i, 2021) if i % 2 else ''}"


def mapped_by_answers(desk, capsys):
    (desk.folder / "answers.toml").write_text('key = "id"\n', encoding="utf-8")
    study, answers = str(desk.folder / "study.toml"), str(desk.folder / "answers.toml")
    main(["site", "map", str(desk.export), "--study", study, "--site", "kurume", "--answers", answers, "--replace"])
    return capsys.readouterr().out


def test_an_event_without_a_column_is_told_in_the_file_and_at_the_end(desk, capsys):
    desk.joins(endpoint=PFS)
    desk.has(f"{HEADER},E17", progressions)
    proposal = desk.proposes()
    assert not proposal.of("progression").is_sure
    assert "# progression: no column found; without one, none of these events is counted" in desk.writes()
    assert "the column of progression; without it none of these events is counted" in mapped_by_answers(desk, capsys)


@pytest.mark.parametrize("name", ["progression", "PD 확인일", "PD確認日", "진행 확인일", "無増悪確認日,増悪日"])
def test_an_event_with_a_column_is_not(desk, capsys, name):
    desk.joins(endpoint=PFS)
    desk.has(f"{HEADER},{name}", lambda i: progressions(i) if "," not in name else f"{plain(i)},x,{day(i, 2021)}")
    assert desk.proposes().of("progression").columns == (name.split(",")[-1],)
    assert "progression" not in mapped_by_answers(desk, capsys).replace(str(desk.folder), "")


def test_an_event_that_a_person_says_is_in_no_column_is_not_asked_again(desk):
    desk.joins(endpoint=PFS)
    desk.has(f"{HEADER},E17", progressions)
    assert desk.proposes(columns={"progression": ""}).of("progression").is_sure
    assert "# progression: no column found" in desk.writes(columns={"progression": ""})


def test_another_optional_variable_without_a_column_is_told_in_the_file(desk, capsys):
    desk.joins('afp = { type = "number", range = [0, 1000000], required = false }')
    desk.has(HEADER, plain)
    assert "# afp: no column found; it has no values" in desk.writes()
    assert desk.proposes().of("afp").is_sure
    assert "still to be named" not in mapped_by_answers(desk, capsys)


def test_a_column_that_may_be_it_is_named_and_not_said_to_be_missing(desk):
    desk.joins('afp = { type = "number", range = [0, 1000000] }')
    desk.has(f"{HEADER},알파태아단백", lambda i: f"{plain(i)},see {'abcdef'[i % 6]}")
    lines = desk.writes().splitlines()
    assert not [line for line in lines if "no column found" in line]
    (note,) = desk.proposes().of("afp").notes
    assert str(note) == "afp: no column is surely it; perhaps 알파태아단백"
    assert '# perhaps: afp = "알파태아단백"' in lines


def test_a_column_of_dates_in_a_format_that_nobody_knows_is_proposed_by_its_name(desk):
    desk.has(HEADER.replace("start", "시작일"), lambda i: plain(i).replace(day(i), f"<{day(i)}>", 1))
    found = desk.proposes().of("start")
    assert (found.columns, found.is_sure) == (("시작일",), False)


def test_a_count_of_rows_is_of_all_rows(desk):
    desk.joins('afp = { type = "number", range = [0, 1000000] }')
    desk.has(f"{HEADER},afp", lambda i: f"{plain(i)},{'abc' if i == 0 else f'see {i}' if i < 80 else i}", n=120)
    found = desk.proposes(columns={"afp": "afp"}).of("afp")
    assert (len(found.texts), str(found.notes[0]).split(" are")[0]) == (20, "80 rows")
    told = desk.proposes(columns={"afp": "afp"}, recode={"afp": {"see 79": "79"}}).of("afp")
    assert str(told.notes[0]).split(" are")[0] == "79 rows"


@pytest.mark.parametrize("marks", ["HL", ("*", "H"), ("▲", "▼"), ("(H)", "(L)"), ("高", "低"), ("High", "Low"), "H"])
def test_a_mark_of_the_laboratory_is_no_unit(desk, marks):
    desk.joins('afp = { type = "number", unit = "ng/mL", range = [0, 1000000] }')
    desk.has(f"{HEADER},afp", lambda i: f"{plain(i)},{i + 1}.5 {marks[i % len(marks)] if i % 3 else ''}")
    found = desk.proposes().of("afp")
    assert (found.entry, found.is_sure, desk.proposes().open) == ("afp", True, ())
    (note,) = found.notes
    assert str(note).startswith("16 rows have a mark behind their number (")
    assert desk.problems()


@pytest.mark.parametrize(("unit", "written"), [("L", "L"), ("ng/mL", "ng/mL"), ("h", "H")])
def test_a_unit_is_one(desk, unit, written):
    desk.joins(f'fvc = {{ type = "number", unit = "{unit}", range = [0, 100] }}')
    desk.has(f"{HEADER},fvc", lambda i: f"{plain(i)},{i + 1}.5 {written}")
    assert desk.fits()
    assert desk.read("fvc") == (N, 0)


def test_hepatitis_alone_is_a_name_of_its_cause(desk):
    desk.joins('etiology = { type = "category", levels = ["hbv", "hcv"], required = false }')
    desk.has(f"{HEADER},간염", lambda i: f"{plain(i)},{('B형', 'C형')[i % 2]}")
    assert desk.proposes().of("etiology").columns == ("간염",)
