"""Deaths of which one column has the date and another the word: none is taken for alive without a word."""

import pytest
from tests.site_client.mapping.exports import HEADER, N, arm, day, died

ONE_DATE = "id,arm,age,start,status,last_contact"


def both(desk, status, texts, is_dated=lambda i: died(i) and i % 2, dated_alive=()):
    """An export with a date of death for some, and a status for all."""
    desk.has(
        f"{HEADER},{status}",
        lambda i: (
            f"{i + 1},{arm(i)},{40 + i},{day(i)},{day(i, 2022) if is_dated(i) or i in dated_alive else ''},"
            f"{day(i, 2022)},{texts[died(i)]}"
        ),
    )


@pytest.mark.parametrize(
    ("status", "texts"),
    [
        ("생사", ("생존", "사망")),
        ("転帰", ("生存", "原病死")),
        ("vital status", ("0: alive", "1: dead")),
        ("사망여부", ("0", "1")),
        ("DEATH_YN", ("N", "Y")),
    ],
)
def test_deaths_without_a_date_are_refused_and_not_taken_for_alive(desk, status, texts):
    both(desk, status, texts)
    found = desk.proposes().of("death")
    assert (found.entry, found.is_sure) == ({"date": "death", "where": {status: [texts[1]]}}, True)
    assert str(found.notes[0]).startswith(f"8 patients are {texts[1]} in {status} and have no date in death")
    assert desk.problems() == [("column 'death' (variable death)", "8 rows that count by where have no date")]


@pytest.mark.parametrize(
    ("status", "texts"),
    [
        ("생사", ("생존", "사망")),
        ("사망여부", ("0", "1")),
        ("생존여부", ("1", "0")),  # either may mean either
        ("status", ("1", "2")),
        ("사망원인", ("", "간부전")),
    ],
)
def test_where_all_deaths_have_a_date_or_nobody_knows_the_date_says_it(desk, status, texts):
    is_known = {"사망", "1"} & {texts[1]}
    both(desk, status, texts, is_dated=died if is_known else lambda i: died(i) and i % 2)
    assert desk.proposes().of("death").entry == "death"
    assert desk.fits()


def test_a_status_that_contradicts_the_dates_both_ways_is_asked(desk):
    both(desk, "생사", ("생존", "사망"), dated_alive=(0, 3))
    found = desk.proposes().of("death")
    assert (found.entry, found.is_sure) == (None, False)
    assert str(found.notes[0]).endswith("2 others have a date and another status")
    assert '# perhaps: death = "death"' in desk.writes()
    assert desk.proposes(accept=["death"]).of("death").entry == "death"


def test_a_person_may_say_that_the_column_of_dates_is_all_of_it(desk):
    both(desk, "생사", ("생존", "사망"))
    found = desk.proposes(columns={"death": "death"}).of("death")
    assert found.entry == "death"
    assert str(found.notes[0]).startswith("8 patients are 사망 in 생사")


@pytest.mark.parametrize("key", ["id", None])
def test_a_patient_s_date_may_be_in_another_row_than_the_status(desk, key):
    rows = ("2022-03-01,2022-03-01,生存", ",2022-03-01,死亡")
    desk.has(f"{HEADER},転帰", lambda i: f"{i // 2},{arm(i // 2)},50,{day(i // 2)},{rows[i % 2]}")
    found = desk.proposes(key=key).of("death")
    assert (found.columns, found.is_sure, found.notes) == (("death",), True, ())


def test_a_patient_of_several_rows_without_any_date_is_told(desk):
    rows = (",2022-03-01,生存", ",2022-03-01,死亡", "2022-03-01,2022-03-01,死亡")
    desk.has(f"{HEADER},転帰", lambda i: f"{i // 2},{arm(i // 2)},50,{day(i // 2)},{rows[i % 2 + (i > 9)]}")
    found = desk.proposes().of("death")
    assert (found.columns, found.entry, found.is_sure) == (("death",), None, False)
    assert str(found.notes[0]).startswith("5 patients are 死亡 in 転帰 and have no date in death")


def of_texts(desk, *texts):
    """A status with the texts in turn, and one date."""
    row = "{},{},{},{},{},{}".format
    desk.has(ONE_DATE, lambda i: row(i + 1, arm(i), 40 + i, day(i), texts[i % len(texts)], day(i, 2022)))
    return desk.proposes().of("death")


@pytest.mark.parametrize(
    ("texts", "dead"),
    [
        (("생존", "사망", "사망(타병원)", "호스피스 사망"), ["사망", "사망(타병원)", "호스피스 사망"]),
        (("生存", "死亡", "死亡（他院）", "肝不全死"), ["死亡", "死亡（他院）", "肝不全死"]),
        (("alive", "dead", "dead (other hospital)"), ["dead", "dead (other hospital)"]),
    ],
)
def test_what_resembles_a_word_for_death_is_proposed_and_asked(desk, texts, dead):
    found = of_texts(desk, *texts)
    assert (found.entry, found.is_sure) == (None, False)
    assert sorted(found.suggestion["where"]["status"]) == sorted(dead)
    assert "only resemble" in str(found.notes[0])
    assert desk.fits(accept=["death"])
    assert desk.read("death")[0] == N - N // len(texts)


@pytest.mark.parametrize("other", ["호스피스", "사망 아님", "사망여부 불명", "生死不明", "not dead"])
def test_a_text_that_nobody_knows_is_no_death_and_is_asked(desk, other):
    found = of_texts(desk, "생존", "사망", other)
    assert not found.is_sure
    assert str(found.notes[0]) == f"1 text is not known, and is proposed to mean no event: {other}"
    assert found.suggestion["where"] == {"status": ["사망"]}


@pytest.mark.parametrize(
    "texts",
    [
        ("생존", "사망", "추적소실", "미상"),
        ("生存", "死亡", "他病死", "追跡不能", "転院", "不明"),
        ("生存", "永眠", "通院中"),
        ("alive", "dead", "lost to follow-up"),
        ("alive", "expired", "alive (other hospital)"),
    ],
)
def test_a_status_of_words_that_are_known_is_not_asked(desk, texts):
    found = of_texts(desk, *texts)
    assert found.is_sure
    assert len(found.notes) == 1
    assert desk.fits()
