"""Where no line of a page may end."""

import pytest

from riskset_report.kept_together import kept_together


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("χ² = 2.23 (df 1, P < .001).", "χ²~=~2.23 (df~1, P~<~.001)."),
        ("Hazard ratio (95% CI)", "Hazard ratio (95%~CI)"),
        ("위험비 (95% 신뢰구간)", "위험비 (95%~신뢰구간)"),
        ("SMD = −0.32; P of interaction", "SMD =~−0.32; P of interaction"),
        ("Group P, stage = III", "Group P, stage = III"),
    ],
)
def test_a_number_stays_with_its_name(text, kept):
    assert kept_together(text).replace("\N{NO-BREAK SPACE}", "~") == kept
