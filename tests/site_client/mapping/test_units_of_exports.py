"""Numbers in another unit than the study's, and words of a limit that are no unit."""

import pytest
from tests.site_client.mapping.exports import HEADER, N, plain

CREATININE = 'creatinine = { type = "number", unit = "umol/L", range = [10, 2000], required = false }'
AFP = 'afp = { type = "number", unit = "ng/mL", range = [0, 1e6] }'
FACTOR = {"choose": {"creatinine.factor": "88.42"}, "accept": ["creatinine"]}


@pytest.mark.parametrize(("name", "unit"), [("Cr", ""), ("크레아티닌", "mg/dL"), ("クレアチニン(mg/dL)", "")])
def test_a_usual_factor_is_asked_and_never_written_unseen(desk, name, unit):
    desk.joins(CREATININE)
    desk.has(f"{HEADER},{name}", lambda i: f"{plain(i)},0.{i + 50}{unit}")
    found = desk.proposes(accept=["creatinine"])
    (choice,) = found.open
    assert (choice.id, choice.proposed) == ("creatinine.factor", "88.42")
    assert (found.of("creatinine").columns, found.of("creatinine").entry) == ((name,), None)
    assert f'"{name}", unit = "mg/dL", factor = 88.42}}' in desk.writes(accept=["creatinine"])
    assert desk.fits(**FACTOR)
    assert desk.read("creatinine") == (N, 0)


def test_another_factor_may_be_answered(desk):
    desk.joins(CREATININE)
    desk.has(f"{HEADER},Cr", lambda i: f"{plain(i)},0.{i + 50}")
    found = desk.proposes(accept=["creatinine"], choose={"creatinine.factor": "88.4"}).of("creatinine")
    assert found.entry == {"column": "Cr", "unit": "mg/dL", "factor": 88.4}


def test_rows_outside_the_range_are_counted_after_the_conversion(desk):
    desk.joins(CREATININE)
    desk.has(f"{HEADER},Cr", lambda i: f"{plain(i)},{'0.05' if i < 2 else '0.9'}")
    (note,) = desk.proposes(**FACTOR).of("creatinine").notes
    assert str(note) == "2 rows are outside the study's range, 10 to 2000"


@pytest.mark.parametrize("limit", ["2.0未満", "2.0 이하", "2.0미만", "2.0 ng/mL 以下", "＜２．０"])
def test_words_of_a_limit_are_no_unit(desk, limit):
    desk.joins(AFP)
    desk.has(f"{HEADER},AFP", lambda i: f"{plain(i)},{limit if i % 3 == 0 else i}")
    (choice,) = desk.proposes().open
    assert choice.id == "afp.below_limit"
    assert "unit" not in desk.proposes().of("afp").entry or "ng/mL" in limit
    assert desk.fits(choose={"afp.below_limit": "half"})


@pytest.mark.parametrize("limit", ["1000以上", "1000 초과", "1000超", ">1000"])
def test_a_limit_above(desk, limit):
    desk.joins(AFP)
    desk.has(f"{HEADER},AFP", lambda i: f"{plain(i)},{limit if i % 3 == 0 else i}")
    assert [choice.id for choice in desk.proposes().open] == ["afp.above_limit"]
    assert desk.fits(choose={"afp.above_limit": "value"})


@pytest.mark.parametrize("name", ["AFP_IU/mL", "AFP IU/mL", "AFP (IU/mL)"])
def test_another_unit_in_a_name_is_asked_about(desk, name):
    desk.joins(AFP)
    desk.has(f"{HEADER},{name}", lambda i: f"{plain(i)},{i}")
    found = desk.proposes()
    assert [choice.id for choice in found.open] == ["afp.factor"]
    assert found.of("afp").entry is None


def test_the_same_unit_written_otherwise_is_not_asked_about(desk):
    desk.joins(AFP)
    desk.has(f"{HEADER},AFP (ug/L)", lambda i: f"{plain(i)},{i}")
    assert desk.proposes().open == ()
    assert desk.fits()


def test_rows_of_several_units_are_never_mapped_unseen(desk):
    desk.joins(AFP)
    desk.has(f"{HEADER},AFP,AFP_unit", lambda i: f"{plain(i)},{i},{('ng/mL', 'IU/mL')[i % 2]}")
    found = desk.proposes(accept=["afp"]).of("afp")
    assert (found.entry, found.suggestion) == (None, "AFP")
    assert any("several units: ng/mL, IU/mL" in str(note) for note in found.notes)
