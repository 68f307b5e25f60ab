"""Signs that nobody sees, in names of columns, texts, sheets and files: what is written passes the check, or nothing is
written."""

import os

import pytest
from openpyxl import Workbook
from tests.site_client.mapping.exports import HEADER, arm, day, died

from riskset.errors import DataError
from riskset_site.data.config import load_site_file
from riskset_site.mapping.acceptance import write_site_file

SIGNS = ["\u200b", "\u202e", "\x01", "\x0c", "\x1b", "\x1c", "\x7f", "\x85", "\u2028", "\ufeff", "\u00ad", "\u2066"]


def a_row(sign):
    def row(i):
        death = f"{day(i, 2022)}{sign}" if died(i) else f"生{sign}存"
        return f"{i}{sign},{sign}{arm(i)}{sign},{50 + i}{sign},{day(i)},{death},{day(i, 2022)}"

    return row


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
def test_what_is_written_passes_the_check(desk, sign):
    names = [
        f"{name[:1]}{sign}{name[1:]}{sign}" if sign in "\u200b\u202e\ufeff\u00ad\u2066" else f"{name}{sign}"
        for name in HEADER.split(",")
    ]
    desk.has(",".join(names), a_row(sign))
    assert desk.fits(accept=("death",))
    assert desk.read("age") == (24, 0)
    assert desk.read("death") == (16, 8)
    assert sign not in desk.site_file.read_text(encoding="utf-8")


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
def test_names_that_were_changed_are_listed(desk, sign):
    desk.has(HEADER.replace("age", f"ag{sign}e"), a_row(""))
    desk.exports((desk.export).read_text(encoding="utf-8"))
    name = "age" if sign in "\u200b\u202e\ufeff\u00ad\u2066" else "ag e"
    desk.writes(columns={"age": f"ag{sign}e"})
    assert load_site_file(desk.site_file).mapped("age").columns == (name,)
    found = desk.check()
    assert found.problems == ()
    assert [str(one.message) for one in found.warnings if one.message.code == "data.source.unseen_in_name"] == [
        f"read as {name!r}, without characters that cannot be seen"
    ]


def test_names_that_differ_in_such_signs_alone_are_two_columns(desk):
    desk.has(f"{HEADER},age\u200b", lambda i: f"{a_row('')(i)},9")
    assert desk.proposes().table.headers[-1] == "age [2]"


def test_a_header_that_is_repeated_with_such_signs_is_no_patient(desk):
    header = HEADER.replace("last_contact", "last\u200b_contact")
    desk.has(header, a_row(""))
    desk.exports(desk.export.read_text(encoding="utf-8") + header + "\n")
    assert [message for _, message in desk.problems(columns={"last_contact": "last_contact"}, footer=0)] == [
        "1 row repeats the header"
    ]


@pytest.mark.parametrize("name", ["\ufeffage", "age\u200b"])
def test_answers_name_a_column_with_or_without_such_signs(desk, name):
    desk.has(HEADER.replace("age", name), a_row(""))
    for said in ("age", name):
        assert desk.proposes(columns={"age": said}, key="\u200bid").of("age").columns == ("age",)


def test_a_control_sign_inside_a_number_makes_it_none(desk):
    desk.has(HEADER, lambda i: a_row("")(i).replace("50", "5\x010"))
    assert [message for where, message in desk.problems() if "age" in str(where)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["two\nlines.csv", "right\u202eleft.csv", "\x1b[1m.csv"])
def test_a_file_that_no_site_file_can_name_is_refused_at_once(desk, name):
    desk.has(HEADER, a_row(""), name=name)
    with pytest.raises(DataError) as refused:
        desk.proposes()
    assert refused.value.message.code == "site.map.unseen_name"


def test_what_the_check_would_refuse_is_not_written(desk):
    book = Workbook()
    book.active.title = "a\u202eb"
    for line in [HEADER, *map(a_row(""), range(24))]:
        book.active.append(line.split(","))
    book.create_sheet("other").append(["x"])
    book["other"].append(["1"])
    book.save(desk.folder / "list.xlsx")
    desk.export = desk.folder / "list.xlsx"
    with pytest.raises(DataError) as refused:
        write_site_file(desk.site_file, desk.proposes(), "en")
    assert refused.value.message.code == "site.map.refused"
    assert not desk.site_file.exists()
