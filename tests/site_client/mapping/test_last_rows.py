"""The last rows of an export: a total is left out, a patient of whom little is known yet is not."""

import pytest
from tests.site_client.mapping.exports import HEADER, N, arm, day, plain

WIDE = f"{HEADER},ecog,afp,alb,note"


def wide(i, number="P{:03}", known=True):
    rest = f"{day(i, 2021)},{day(i, 2022)},1,{i * 1.5},4.0,x" if known else ",,,,,"
    return f"{number.format(i + 1)},{arm(i)},{40 + i if known else ''},{day(i) if known else ''},{rest}"


def footer(desk, *below, rows=N, **form):
    """How many of the last rows are no patients; rows that are given stand below those of patients."""
    desk.exports("\n".join([WIDE, *(wide(i, **form) for i in range(rows)), *below]) + "\n")
    table = desk.proposes().table
    assert len(table.left_out) == table.footer
    return table.footer, table.rows


@pytest.mark.parametrize("number", ["P{:03}", "{}", "{:08}", "HCC-{:04}", "2024-{:03}"])
def test_a_patient_of_whom_little_is_known_is_one(desk, number):
    below = [wide(i, number=number, known=False) for i in (N, N + 1)]
    assert footer(desk, *below, number=number) == (0, N + 2)


@pytest.mark.parametrize(
    "below", ["합계,24", "Total,,58.5", "24", "n = 24", "printed 2024-03-05", "Seoul hospital", "P001 to P024"]
)
def test_a_total_or_a_remark_is_none(desk, below):
    assert footer(desk, below) == (1, N)


def test_a_count_below_plain_numbers_is_none(desk):
    assert footer(desk, "24", number="{}") == (1, N)


def test_a_patient_whose_initials_are_a_word_for_a_total_is_one(desk):
    last = f"SD,{plain(N)}"
    desk.exports("\n".join([f"initials,{HEADER}", *(f"AB,{plain(i)}" for i in range(N)), last]) + "\n")
    assert (desk.proposes().table.footer, desk.proposes().table.rows) == (0, N + 1)
    desk.exports("\n".join([f"initials,{HEADER}", *(f"AB,{plain(i)}" for i in range(N)), "SD,,,12.5,,,"]) + "\n")
    assert (desk.proposes().table.footer, desk.proposes().table.rows) == (1, N)


def test_the_last_visit_of_a_patient_with_several_rows_is_none_to_leave_out(desk):
    rows = [wide(i // 2, known=True) for i in range(N)]
    desk.exports("\n".join([WIDE, *rows, wide(N // 2 - 1, known=False)]) + "\n")
    assert desk.proposes().table.footer == 0
