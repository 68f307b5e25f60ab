"""A category over several columns of yes and no, that are named by words for its levels."""

import pytest
from tests.site_client.mapping.exports import HEADER, N, plain

from riskset.cli import main
from riskset.errors import DataError

ETIOLOGY = 'etiology = { type = "category", levels = ["none", "hbv", "hcv"] }'


@pytest.fixture
def has(desk):
    """An export in which a third of the patients has the first box, a third the second, and a third none."""
    desk.joins(ETIOLOGY)

    def has(names, checked, unchecked):
        marks = (unchecked, checked)
        desk.has(f"{HEADER},{names}", lambda i: f"{plain(i)},{marks[i % 3 == 1]},{marks[i % 3 == 2]}")

    return has


@pytest.mark.parametrize(
    ("names", "checked", "unchecked"),
    [
        ("B형간염,C형간염", "1", "0"),
        ("B型肝炎,C型肝炎", "1", "0"),
        ("HBs抗原,HCV抗体", "（＋）", "（－）"),
        ("HBs抗原,HCV抗体", "+", "-"),
        ("HBV,HCV", "あり", "なし"),
        ("HBV 감염,HCV 감염", "유", "무"),
        ("B型肝炎の有無,C型肝炎の有無", "○", ""),
    ],
)
def test_a_column_for_each_level(desk, has, names, checked, unchecked):
    has(names, checked, unchecked)
    given = {"accept": ["etiology"]}
    entry = desk.proposes(**given).of("etiology").entry
    assert (tuple(entry["any_of"]), tuple(entry["any_of"].values())) == (tuple(names.split(",")), ("hbv", "hcv"))
    assert entry["none"] == "none"
    assert desk.fits(**given)
    assert desk.read("etiology") == (N, 0)


def test_columns_that_say_nothing_are_named_by_a_person(desk, has):
    has("V1,V2", "陽性", "陰性")
    assert desk.proposes(columns={"etiology": ["V1", "Ｖ２"]}).of("etiology").entry is None
    given = {"columns": {"etiology": ["V1", "V2"]}, "recode": {"etiology": {"V1": "B型", "V2": "HCV"}}}
    assert desk.fits(**given)
    assert desk.read("etiology") == (N, 0)


def test_an_example_of_the_export_s_columns_where_none_is_known(desk, has):
    has("V1,V2", "1", "0")
    line = '# perhaps: etiology = {any_of = {"V1" = "...", "V2" = "..."}, none = "none"}'
    assert line in desk.writes().splitlines()


def test_a_required_variable_without_a_column_is_told_at_the_end(desk, has, capsys):
    has("V1,V2", "1", "0")
    (desk.folder / "answers.toml").write_text('key = "id"\n', encoding="utf-8")
    study, answers = str(desk.folder / "study.toml"), str(desk.folder / "answers.toml")
    main(["site", "map", str(desk.export), "--study", study, "--site", "kurume", "--answers", answers])
    assert "the column of etiology, which the study requires" in capsys.readouterr().out


def test_a_required_variable_that_is_not_sure_is_told_at_the_end(desk, capsys):
    desk.has(HEADER.replace("last_contact", "last date seen alive"), plain)
    (desk.folder / "answers.toml").write_text('key = "id"\n', encoding="utf-8")
    study, answers = str(desk.folder / "study.toml"), str(desk.folder / "answers.toml")
    main(["site", "map", str(desk.export), "--study", study, "--site", "kurume", "--answers", answers])
    assert "still to be confirmed in the file: last_contact, perhaps in last date seen alive" in capsys.readouterr().out


def test_a_number_is_in_one_column(desk, has):
    has("V1,V2", "1", "0")
    with pytest.raises(DataError, match="only a category or boolean"):
        desk.proposes(columns={"age": ["V1", "V2"]})


def test_no_column_at_all_is_an_answer(desk, has):
    has("HBV,HCV", "1", "0")
    assert desk.proposes(columns={"etiology": ""}).of("etiology").entry is None


def test_texts_of_boxes_that_nobody_knows_are_named(desk, has):
    has("HBV,HCV", "2", "1")
    assert desk.proposes().of("etiology").entry is None
    found = desk.proposes(columns={"etiology": ["HBV", "HCV"]}).of("etiology")
    assert str(found.notes[1]) == "2 texts of unknown meaning: 1, 2"
    assert desk.problems(columns={"etiology": ["HBV", "HCV"]})


def test_columns_named_other_and_none_may_be_about_anything(desk):
    desk.joins('cause = { type = "category", levels = ["none", "hbv", "other"] }')
    desk.has(f"{HEADER},なし,その他", lambda i: f"{plain(i)},{i % 2},{1 - i % 2}")
    assert desk.proposes().of("cause").columns == ()


def test_columns_of_other_variables_stay_theirs(desk):
    desk.joins(f'{ETIOLOGY}\nhbv = {{ type = "boolean" }}\nhcv = {{ type = "boolean" }}')
    desk.has(f"{HEADER},HBV,HCV", lambda i: f"{plain(i)},{int(i % 3 == 1)},{int(i % 3 == 2)}")
    proposal = desk.proposes()
    assert [proposal.of(name).columns for name in ("hbv", "hcv", "etiology")] == [("HBV",), ("HCV",), ()]


def test_boxes_that_are_both_checked_are_asked(desk):
    desk.joins(ETIOLOGY)
    desk.has(f"{HEADER},HBs抗原,HCV抗体", lambda i: f"{plain(i)},{'+-'[i % 2]},{'+-'[i % 3 > 0]}")
    (choice,) = desk.proposes().open
    assert choice.id == "etiology.several"
    assert desk.fits(choose={"etiology.several": "missing"})
