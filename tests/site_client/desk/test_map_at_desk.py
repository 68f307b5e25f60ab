"""The map at the desk: a proposal is corrected in a form, and what is written passes the check."""

import os
import re
import sys
import tomllib
from html import unescape
from pathlib import Path

import pytest
from openpyxl import Workbook
from tests.site_client.conftest import TODAY
from tests.site_client.desk.conftest import at_desk

from riskset.catalogue import say
from riskset_site.data.check import check_site
from riskset_site.data.config import load_site_file

HEADER = "患者番号,治療薬,年齢,脈管侵襲,AFP,投与開始日,死亡日,最終確認日"
ARMS = {"sorafenib": "ソラフェニブ", "lenvatinib": "ﾚﾝﾊﾞﾁﾆﾌﾞ"}


def export(member, *, limit="9"):
    """The patients of a hospital as its own system writes them."""
    lines = [HEADER]
    for n, row in enumerate(member.patients(60).strip().split("\n")[1:]):
        arm, age, mvi, _, *dates = row.split(",")
        written = [
            f"K{n:04d}",
            ARMS[arm],
            age,
            "あり" if mvi == "yes" else "なし",
            limit if n % 7 == 0 else "9",
            *dates,
        ]
        lines.append(",".join(written))
    return "\n".join([*lines, "合計,60,,,,,,"]) + "\n"


@pytest.fixture
def desk(member):
    member.site_file.unlink()
    member.exports(export(member), encoding="cp932")
    return at_desk(member)


def fields(page):
    """What a browser would send of the form as it is shown."""
    form = re.search(r'<form[^>]*class="map">(.*?)</form>', page, re.DOTALL)[1]
    found = dict(re.findall(r'<input type="(?:hidden|text)"[^>]*? name="([^"]*)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        values = re.findall(r'<option(?: value="([^"]*)")?( selected)?>([^<]*)', options)
        chosen = [one for one in values if one[1]] or values[:1]
        found[name] = unescape(chosen[0][0] or (chosen[0][2] if chosen[0][1] else ""))
    ticked = re.findall(r'<input type="checkbox" name="(box-[^"]*)" value="yes" checked>', form)
    return found | dict.fromkeys(ticked, "yes")


def looks(desk, **typed):
    """Asks for the proposal, the first time or again."""
    if not typed:
        typed = {"export": "export.csv"}
    return desk.client.post(f"{desk.app.base}/map", data={"csrf": csrf(desk), "act": "look", **typed})


def csrf(desk):
    return re.search(r'name="csrf" value="([^"]*)"', desk.gets("/map").text)[1]


def writes(desk, shown, **changes):
    data = {**fields(shown.text), "csrf": csrf(desk), "act": "write", **changes}
    return desk.client.post(f"{desk.app.base}/map", data=data)


def boxes(page, variable):
    """By column, the name of the box that says that a category or boolean is spread over it."""
    row = re.search(rf'<tr[^>]*><th scope="row">{variable}\b.*?</tr>', page, re.DOTALL)[0]
    return {name: box for box, name in re.findall(r'name="(box-[^"]*)"[^>]*> ([^<]*)</label>', row)}


def number_of(page, select, text):
    """The value of the option of a select that begins with a text."""
    options = re.search(rf'<select[^>]* name="{select}"[^>]*>(.*?)</select>', page, re.DOTALL)[1]
    return next(value for value, shown in re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)', options) if shown == text)


def key(page):
    return number_of(page, "key", "患者番号 (60 different in 60 rows)")


def test_a_desk_without_a_site_file_begins_with_the_map(desk):
    page = desk.reads("/")
    assert say("site.desk.step.map") in page
    assert f'href="{desk.app.base}/map"' in page
    assert "export.csv" in desk.reads("/map")


def test_what_is_proposed_and_accepted_fits_the_study(desk, member):
    shown = looks(desk)
    answer = writes(desk, shown, site="kurume", key=key(shown.text))
    assert answer.status_code == 200, answer.text
    assert say("site.desk.fits_with_warnings", n=1) in answer.text  # the footer, which was left out
    assert load_site_file(member.site_file).source.key == "患者番号"
    assert check_site(member.site_file, member.study, TODAY).fits


def test_corrections_are_written(desk, member):
    shown = looks(desk)
    page = shown.text
    changes = {
        "column-3": "-",
        "column-1": number_of(page, "column-1", "AFP"),
        "text-0": "=lenvatinib",
        "text-1": "missing",
        "site": "kurume",
        "key": "-",
    }
    again = looks(desk, **{**fields(page), **changes})
    kept = fields(again.text)
    assert {name: kept[name] for name in changes} == changes
    assert writes(desk, again).status_code == 200
    file = tomllib.loads(member.site_file.read_text(encoding="utf-8"))
    assert "key" not in file["source"]
    assert "afp" not in file["map"]
    assert file["map"]["age"] in ("AFP", {"column": "AFP"})
    assert file["map"]["arm"]["recode"] == {"ソラフェニブ": "lenvatinib", "レンバチニブ": ""}


@pytest.fixture
def spread(desk, member):
    """The export has the vascular invasion in two columns, of the portal and of the hepatic vein."""
    text = export(member).replace("脈管侵襲", "Vp,Vv")
    member.exports(text.replace(",あり,", ",1,0,").replace(",なし,", ",0,0,"), encoding="cp932")
    return desk


def test_a_boolean_is_spread_over_the_columns_that_are_ticked(spread, member):
    page = looks(spread).text
    box = boxes(page, "mvi")
    ticks = {box["Vp"]: "yes", box["Vv"]: "yes"}
    again = looks(spread, **{**fields(page), **ticks, "site": "kurume", "key": key(page)})
    assert fields(again.text).items() >= ticks.items()
    assert writes(spread, again).status_code == 200
    file = tomllib.loads(member.site_file.read_text(encoding="utf-8"))
    assert file["map"]["mvi"]["any_of"] == ["Vp", "Vv"]
    assert check_site(member.site_file, member.study, TODAY).fits


def test_a_number_is_in_one_column(desk):
    page = looks(desk).text
    assert boxes(page, "mvi")
    assert not boxes(page, "age")


def test_ticks_that_were_changed_are_the_last_word(spread):
    page = looks(spread).text
    box = boxes(page, "mvi")
    field = "column-" + re.search(r"box-(\d+)-", box["Vp"])[1]
    vv = number_of(page, field, "Vv")

    def shown(page, *ticked):
        typed = {name: value for name, value in fields(page).items() if name not in box.values()}
        return looks(spread, **typed, **dict.fromkeys(ticked, "yes")).text

    def is_in(page):
        return fields(page)[field], *sorted(fields(page).keys() & set(box.values()))

    both = (box["Vp"], box["Vv"])
    one = shown(page, box["Vv"])
    assert is_in(one) == (vv,)
    two = shown(one, *both)
    assert is_in(two) == ("=", *both)
    two = shown(two, *both)
    assert is_in(two) == ("=", *both)
    chosen = looks(spread, **{**fields(two), field: vv}).text
    assert is_in(chosen) == (vv,)
    again = shown(chosen, *both)
    assert is_in(again) == ("=", *both)
    assert is_in(shown(again)) == ("-",)


def test_what_only_the_hospital_knows_is_asked(desk, member):
    member.exports(export(member, limit="<2.0"), encoding="cp932")
    shown = looks(desk)
    assert '<option value="half">half of it</option>' in shown.text
    answer = writes(desk, shown, **{"choice-0": "half", "site": "kurume", "key": key(shown.text)})
    assert answer.status_code == 200
    assert tomllib.loads(member.site_file.read_text(encoding="utf-8"))["map"]["afp"]["below_limit"] == "half"


def test_without_the_patient_number_nothing_is_written_and_what_was_typed_stays(desk, member):
    shown = looks(desk)
    answer = writes(desk, shown, site="asan", **{"column-3": "-"})
    assert answer.status_code == 422
    assert say("site.map.key_never_default") in answer.text
    kept = fields(answer.text)
    assert (kept["site"], kept["column-3"]) == ("asan", "-")
    assert not member.site_file.exists()


def test_a_site_file_that_is_there_is_replaced_only_when_asked(desk, member):
    member.site_file.write_text("mine", encoding="utf-8")
    shown = looks(desk)
    typed = {"site": "kurume", "key": key(shown.text)}
    answer = writes(desk, shown, **typed)
    assert answer.status_code == 422
    assert member.site_file.read_text(encoding="utf-8") == "mine"
    assert writes(desk, answer, **typed, replace="yes").status_code == 200
    assert load_site_file(member.site_file).site == "kurume"


def test_another_row_of_names_makes_the_proposal_again(desk):
    page = looks(desk).text
    again = looks(desk, **{**fields(page), "header": "2", "column-1": "3"})
    assert again.status_code == 200
    assert "K0000" in again.text
    for wrong in ("0", "x", "99999"):
        assert looks(desk, **{**fields(again.text), "header": wrong}).status_code == 422


@pytest.mark.parametrize("export", ["", "../export.csv", "/etc/passwd", "nothing.csv", "study.toml"])
def test_only_an_export_of_the_folder_is_read(desk, export):
    answer = looks(desk, export=export)
    assert answer.status_code == 422
    assert say("site.desk.map.no_export") in answer.text


def test_a_form_of_an_earlier_proposal_is_not_taken(desk):
    first = fields(looks(desk).text)
    looks(desk)
    answer = looks(desk, **first)
    assert answer.status_code == 422
    assert say("site.desk.map.older") in answer.text


def test_another_sheet_of_a_workbook_is_another_table(desk, member):
    book = Workbook()
    first, second = book.active, book.create_sheet("投与")
    first.title = "概要"
    first.append(["この一覧は久留米大学病院の", "ものです"])
    for line in export(member).splitlines():
        second.append(line.split(","))
    book.save(member.folder / "list.xlsx")
    (member.folder / "export.csv").unlink()
    shown = looks(desk, export="list.xlsx")
    assert fields(shown.text)["sheet"] == "投与"
    other = looks(desk, **{**fields(shown.text), "sheet": "概要"})
    back = looks(desk, **{**fields(other.text), "sheet": "投与"}) if other.status_code == 200 else shown
    answer = writes(desk, back, site="kurume", key=key(back.text))
    assert answer.status_code == 200
    assert load_site_file(member.site_file).source.path.name == "list.xlsx"
    assert check_site(member.site_file, member.study, TODAY).fits


# What is written is what was shown.


def test_an_export_that_was_replaced_since_is_shown_again_before_it_is_written(desk, member):
    shown = looks(desk)
    typed = {"site": "kurume", "key": key(shown.text)}
    member.exports(export(member).replace("ソラフェニブ", "レンバチニブ（中止）"), encoding="cp932")
    answer = writes(desk, shown, **typed)
    assert answer.status_code == 422
    assert say("site.desk.map.changed") in answer.text
    assert "レンバチニブ（中止）" in answer.text
    assert not member.site_file.exists()
    assert writes(desk, answer, **typed).status_code == 200
    assert member.site_file.exists()


def test_an_export_that_cannot_be_read_any_more_is_not_written(desk, member):
    shown = looks(desk)
    member.exports("年齢\n61\n", encoding="cp932")
    answer = writes(desk, shown, site="kurume", key=key(shown.text))
    assert answer.status_code == 422
    assert not member.site_file.exists()


def test_a_column_whose_texts_were_not_shown_is_shown_before_it_is_written(desk, member):
    shown = looks(desk)
    typed = {"site": "kurume", "key": key(shown.text), "column-2": number_of(shown.text, "column-2", "治療薬")}
    answer = writes(desk, shown, **typed)
    assert answer.status_code == 422
    assert say("site.desk.map.not_shown") in answer.text
    assert not member.site_file.exists()
    assert writes(desk, answer, **typed).status_code == 200


def test_nothing_is_written_that_was_never_shown(desk, member):
    data = {"csrf": csrf(desk), "act": "write", "export": "export.csv", "site": "kurume", "key": "0"}
    assert desk.client.post(f"{desk.app.base}/map", data=data).status_code == 422
    assert not member.site_file.exists()


# Names of files and numbers from a hostile hand.


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_files_that_no_page_can_name_are_left_out_by_name(desk, member):
    for name in (b"\xff\xfe.csv", b"two\nlines.csv", "right\u202eleft.csv".encode()):
        Path(os.fsdecode(bytes(member.folder) + b"/" + name)).write_text("a\n1\n")
    page = desk.reads("/map")
    for shown in (r"\udcff\udcfe.csv", r"two\nlines.csv", r"right\u202eleft.csv"):
        assert shown in page
    assert page.count('type="radio"') == 1
    assert looks(desk, export="two\nlines.csv").status_code == 422
    assert looks(desk).status_code == 200


@pytest.mark.parametrize("field", ["header", "footer", "key", "column-1", "text-0", "choice-0"])
def test_a_number_of_thousands_of_digits_is_no_number(desk, field):
    shown = looks(desk)
    assert looks(desk, **{**fields(shown.text), field: "1" * 5000}).status_code in (200, 422)


@pytest.mark.parametrize(("chosen", "meaning"), [({}, False), ("missing", ""), ("=true", True)])
def test_an_empty_field_beside_circles_is_shown_in_words(desk, member, chosen, meaning):
    circles = export(member).replace(",あり,", ",○,").replace(",なし,", ",,")
    member.exports(circles, encoding="cp932")
    shown = looks(desk)
    (field,) = re.findall(r'name="(text-\d+)" aria-label="mvi: \(empty\)"', shown.text)
    answer = writes(desk, shown, site="kurume", key=key(shown.text), **({field: chosen} if chosen else {}))
    assert answer.status_code == 200, answer.text
    found = tomllib.loads(member.site_file.read_text(encoding="utf-8"))["map"]["mvi"]["recode"]
    assert found == {"○": True} | ({} if meaning == "" else {"": meaning})


def test_a_text_that_nobody_has_decided_is_not_called_unknown(desk, member):
    member.exports(export(member).replace(",あり,", ",何か,"), encoding="cp932")
    page = looks(desk).text
    assert "? undecided" in page
