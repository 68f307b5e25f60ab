"""No file of a release has a number that is not one of its published cells: of real patients, and of every kind of
analysis. tests/demonstrations has the other demonstrations."""

from tests.release.contained import is_printed, not_contained


def test_every_printed_number_is_a_published_cell(lung):
    assert list(not_contained(lung)) == []


def test_every_printed_number_of_every_kind_of_analysis_is_a_published_cell(gate):
    assert list(not_contained(gate)) == []


def test_a_number_of_another_form_is_noticed():
    assert is_printed("126", [126, 0.57], 30.4375)
    assert is_printed("0.57", [126, 0.5712], 30.4375)
    assert is_printed("57", [0.5712], 30.4375)
    assert not is_printed("3", [126, 0.5712, 3.2], 30.4375)
    assert not is_printed("0.58", [126, 0.5712], 30.4375)
