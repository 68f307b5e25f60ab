"""A column of ages beside a date of birth: that of the start, or of the day of the export."""

import pytest
from tests.site_client.mapping.exports import N, arm, day, died

HEADER = "id,arm,年齢,生年月日,start,death,last_contact"


def aged(years):
    """A row whose patient is so many years old at the start, on a birthday, by the number of the patient."""

    def row(i):
        end = day(i, 2022)
        return f"{i + 1},{arm(i)},{years(i)}歳,{day(i, 1980 - i)},{day(i)},{end if died(i) else ''},{end}"

    return row


@pytest.mark.parametrize("answers", [{"accept": ["age"]}, {"columns": {"age": "年齢"}}])
def test_ages_on_the_day_of_the_export_are_told_beside_those_at_the_start(desk, answers):
    desk.has(HEADER, aged(lambda i: 40 + i + 5))
    found = desk.proposes().of("age")
    assert (found.entry, found.others) == (None, ("年齢",))
    assert found.suggestion == {"years_between": ["生年月日", "start"]}
    note = "年齢: in 24 of 24 rows it is not the age at start, from 生年月日; the median difference is 5 years"
    assert note in map(str, found.notes)
    assert desk.fits(**answers)
    assert note in map(str, desk.proposes(**answers).of("age").notes)


def test_ages_at_the_start_are_proposed_as_they_are(desk):
    desk.has(HEADER, aged(lambda i: 40 + i))
    found = desk.proposes().of("age")
    assert (found.entry, found.notes) == ({"column": "年齢", "unit": "year"}, ())
    assert desk.fits()


def test_one_slip_is_told_and_changes_nothing(desk):
    desk.has(HEADER, aged(lambda i: 40 + i + (i == 3)))
    found = desk.proposes().of("age")
    assert found.entry == {"column": "年齢", "unit": "year"}
    assert [one.code for one in found.notes] == ["site.map.note.ages"]
    assert desk.fits()


def test_without_a_date_of_birth_there_is_nothing_to_compare(desk):
    desk.has(HEADER.replace("生年月日", "メモ"), aged(lambda i: 45 + i))
    assert desk.proposes().of("age").notes == ()
    assert desk.proposes().table.rows == N
