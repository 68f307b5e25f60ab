"""`riskset site map`: what it writes, what it asks, and what it refuses."""

import json
import re
from pathlib import Path

import pytest
from tests.site_client.mapping.exports import DAYS, HEADER, TODAY, arm, day, died, plain

from riskset.cli import main
from riskset.errors import DataError
from riskset_site.commands.map_questions import ask
from riskset_site.mapping.answers import Answers, load_answers
from riskset_site.mapping.export_table import ExportFile

KEY = 'key = "id"\n'


@pytest.fixture
def says(desk, capsys):
    """What `riskset site map` prints and returns, with more arguments; its answers are in a file."""
    desk.has(HEADER, plain)

    def run(*more, answers=KEY, site="kurume"):
        arguments = [str(desk.export), "--study", str(desk.folder / "study.toml")]
        if site:
            arguments += ["--site", site]
        if answers is not None:
            (desk.folder / "answers.toml").write_text(answers, encoding="utf-8")
            arguments += ["--answers", str(desk.folder / "answers.toml")]
        code = main(["site", "map", *arguments, *more])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_a_site_file_with_which_the_check_passes(says, desk):
    code, out, _ = says()
    assert (code, out.splitlines()) == (
        0,
        [
            f"wrote {desk.site_file}",
            f"next: riskset site check {desk.site_file} --study {desk.folder / 'study.toml'}",
        ],
    )
    assert desk.check().fits


def test_texts_that_nobody_has_confirmed_are_told_at_the_end(says, desk):
    desk.joins('mvi = { type = "boolean", required = false }')
    desk.has(f"{HEADER},mvi", lambda i: f"{plain(i)},{'+-'[i % 2]}")
    told = "still to be decided in the file: what texts of mvi mean: -\n"
    code, out, _ = says()
    assert (code, told in out) == (0, True)
    code, out, _ = says("--replace", answers=f'{KEY}recode.mvi = {{ "+" = "true", "-" = "false" }}\n')
    assert (code, "still" in out) == (0, False)
    assert desk.check().fits


def test_a_site_file_is_replaced_only_on_request(says, desk):
    desk.site_file.write_text("# mine", encoding="utf-8")
    code, _, err = says()
    assert (code, "already exists and is not replaced" in err) == (1, True)
    assert desk.site_file.read_text(encoding="utf-8") == "# mine"
    assert says("--replace")[0] == 0
    assert says("--out", str(desk.folder / "other.toml"))[0] == 0


def test_the_key_has_no_default(says, desk):
    code, _, err = says("--defaults", answers=None)
    assert (code, "the column of the patient number has not been given" in err) == (1, True)
    assert not desk.site_file.exists()
    assert says("--defaults", answers='key = ""\n')[0] == 0
    assert "\nkey" not in desk.site_file.read_text(encoding="utf-8")


def test_without_a_terminal_nothing_is_asked(says):
    code, _, err = says(answers=None)
    assert (code, "there is no terminal to ask questions at" in err) == (1, True)


def test_which_site_it_is_must_be_known(says):
    code, _, err = says(site=None)
    assert (code, "the sites of the study: kurume, asan" in err) == (1, True)
    assert says(site="osaka")[0] == 1


def test_the_proposal_as_json(says, desk):
    code, out, _ = says("--json", answers="")
    found = json.loads(out)
    assert (code, found["table"]["headers"]) == (0, HEADER.split(","))
    assert [one["entry"] for one in found["variables"]] == HEADER.split(",")[1:]
    assert found["keys"][0] == {"column": "id", "distinct": 24, "rows": 24}
    assert not desk.site_file.exists()


def test_what_is_to_be_decided_is_listed(says, desk):
    desk.has("id,arm,age,start,status,last_contact", lambda i: f"{i},{arm(i)},50,{day(i)},{1 + died(i)},{day(i, 2022)}")
    code, out, _ = says()
    assert code == 0
    assert "still to be decided in the file: which text in 'status' means that the event (death) occurred?" in out


def test_what_is_read_from_no_column_is_listed(says, desk):
    more = "afp = { type = 'number', range = [0, 9], required = false }"
    desk.joins(more + "\nmvi = { type = 'boolean', required = false }")
    desk.has(f"{HEADER},脈管侵襲（画像）", lambda i: f"{plain(i)},{i % 9}")
    assert "read from no column: afp, mvi. Where" in says()[1]
    desk.has(f"{HEADER},脈管侵襲,afp", lambda i: f"{plain(i)},{'あり' if i % 2 else 'なし'},{i % 9}")
    code, out, _ = says("--replace")
    assert (code, "read from no column" in out) == (0, False)


def test_a_key_that_repeats_and_is_not_named_like_one_is_told(says, desk):
    desk.has(HEADER, lambda i: plain(i).replace(f",{40 + i},", f",{40 + i % 9},"))
    code, out, _ = says(answers='key = "age"\n')
    assert (code, "age hardly looks like a patient number" in out) == (0, True)
    assert "hardly" not in says("--replace")[1]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("keys = 'id'", "unknown key"),
        ("header = [1, 2, 3]", "must be a row"),
        ("encoding = 'klingon'", "unknown encoding"),
        ("key = [", "not valid TOML"),
    ],
)
def test_a_file_of_answers_that_is_wrong(says, answers, message):
    code, _, err = says(answers=answers)
    assert (code, message in err) == (1, True)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"columns": {"agee": "age"}}, "the study has no variable 'agee'"),
        ({"columns": {"age": "AGE"}}, "the export has no column 'AGE'"),
        ({"key": "ID"}, "the export has no column 'ID'"),
        ({"choose": {"age.take": "max"}}, "there is no choice named 'age.take'"),
    ],
)
def test_answers_about_what_is_not_there(desk, answers, message):
    desk.has(HEADER, plain)
    with pytest.raises(DataError, match=message):
        desk.proposes(**answers)


def test_the_name_of_a_file_that_is_not_read(desk):
    desk.exports("x", name="export.pdf")
    with pytest.raises(DataError, match="this kind of file is not supported"):
        desk.proposes()


class Person:
    """Answers questions in order, and keeps them."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, question):
        self.asked.append(question.code.rpartition(".")[2])
        return self.answers.pop(0)


def test_each_question_has_a_default(desk):
    desk.has(HEADER, plain)
    person = Person("", "", "", "")
    given = ask(ExportFile(desk.export), desk.study, TODAY, Answers(site="kurume"), person)
    assert person.asked == ["header", "correct_column", "which_key", "correct_text"]
    assert given.key == "id"
    assert desk.fits(**given.model_dump())


def test_answers_correct_the_proposal(desk):
    desk.joins(endpoint=DAYS)
    desk.has("id,nr,arm,age,days,event", lambda i: f"{i},{i},{arm(i)},{40 + i},{100 + i},{1 + died(i)}")
    person = Person("", "days = nowhere", "days = days", "", "nr", "9 = true", "3 = true; 4 = false", "")
    given = ask(ExportFile(desk.export), desk.study, TODAY, Answers(site="kurume"), person)
    assert given.recode["event"] == {"2": "true", "1": "false"}
    assert given.key == "nr"
    assert desk.fits(**given.model_dump())


def test_five_questions_at_most(desk):
    words = ("소라페닙", "렌바티닙")
    desk.has(HEADER, lambda i: plain(i).replace(arm(i), words[i % 2]), encoding="cp949")
    person = Person("9", "", "", "", "-", "")
    given = ask(ExportFile(desk.export), desk.study, TODAY, Answers(site="kurume"), person)
    assert person.asked == ["which", "which", "header", "correct_column", "which_key", "correct_text"]
    assert (given.encoding, given.key) == ("cp949", "")


def test_answers_of_a_file(tmp_path):
    (tmp_path / "answers.toml").write_text(
        'header = 3\nkey = "id"\n[columns]\nage = "나이"\n[recode.event]\n1 = true\n', encoding="utf-8"
    )
    found = load_answers(tmp_path / "answers.toml")
    assert (found.header, found.columns, found.recode) == ((3,), {"age": "나이"}, {"event": {"1": "true"}})


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"accept": ["agee"]}, "the study has no variable 'agee'"),
        ({"recode": {"arm": {"sorafenib": "x"}}}, "arm: 'x' is not a value of the study"),
        ({"recode": {"arm": {"placebo": "sorafenib"}}}, "arm: the column does not contain 'placebo'"),
        ({"recode": {"age": {"40": "41"}}}, "age: the column does not contain '40'"),
        ({"recode": {"age": {"40": "many"}}}, "age: 'many' is not a value of the study"),
    ],
)
def test_no_answer_is_left_out_in_silence(desk, answers, message):
    desk.has(HEADER, plain)
    with pytest.raises(DataError, match=message):
        desk.proposes(**answers)


def test_texts_that_are_no_numbers_or_dates_are_asked(desk):
    def row(i):
        return plain(i).replace(f",{40 + i},", ",溶血,") if i == 3 else plain(i).replace(day(i), "来院せず", i == 5)

    desk.has(HEADER, row)
    proposal = desk.proposes()
    assert [one.text for one in proposal.of("age").texts] == ["溶血"]
    assert [one.text for one in proposal.of("start").texts] == ["来院せず"]
    assert desk.fits(recode={"age": {"溶血": "44"}, "start": {"来院せず": ""}})


def test_every_answer_is_explained():
    page = (Path(__file__).parents[3] / "docs" / "site.md").read_text(encoding="utf-8")
    section = page.split("## Writing the site file")[1].split("\n## ")[0]
    explained = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]+)\|", section, re.MULTILINE)))
    assert set(explained) == set(Answers.model_fields)
