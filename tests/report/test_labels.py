"""How a study's own names are printed."""

import pytest

from riskset_report.labels import Labels


@pytest.mark.parametrize(
    ("level", "printed"),
    [
        (">=75", "≥75"),
        ("65-<75", "65–<75"),
        ("<=20", "≤20"),
        ("20-50", "20–50"),
        ("0.5-1.5", "0.5–1.5"),
        ("-5 to <-1", "-5 to <-1"),
        ("HLA-2", "HLA-2"),
        ("2020-01-31", "2020-01-31"),
    ],
)
def test_a_level_without_a_label_is_set_as_journals_set_it(level, printed):
    assert Labels().level("age", level) == printed
    assert Labels(levels={("age", level): "own"}).level("age", level) == "own"
