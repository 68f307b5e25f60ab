"""Abbreviations are spelt out where a table uses them, and only there."""

import pytest

from riskset_report.abbreviations import spelt_out


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["HR (95% CI)", "0.56 (0.40–0.80)"], "CI, confidence interval; HR, hazard ratio."),
        (["12.1 (9.0–NR)", "n.e.*"], "n.e., not estimable; NR, not reached."),
        (["χ² = 9.55 (df 1, P = .002)"], "df, degrees of freedom."),
        (["Patients", "HRQ", "CHR"], ""),
        (["SMD", "SMD: standardised difference from old."], ""),
    ],
)
def test_what_is_used_is_spelt_out(texts, expected):
    assert spelt_out(texts, "en") == expected


def test_a_label_of_the_study_is_no_abbreviation_of_the_report():
    assert spelt_out(["SD", "Disease control (CR, PR, SD)", "OR positive"], "en", ["SD", "OR positive"]) == ""
    assert spelt_out(["Mean (SD)"], "en", ["SD"], ["sd"]) == "SD, standard deviation."
