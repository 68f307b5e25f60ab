"""Tail areas compared with R 4.2: `pnorm(z, lower = FALSE)` and `pchisq(x, df, lower = FALSE)`."""

import pytest

from riskset.stats.tails import chi2_sf, normal_quantile, normal_sf, two_sided_p

NORMAL = [
    (0.0, 0.5),
    (0.5, 0.30853753872598694),
    (1.96, 0.024997895148220428),
    (5.0, 2.8665157187919391e-07),
    (10.0, 7.6198530241605269e-24),
    (37.0, 5.7255712225245771e-300),
]
CHI_SQUARE = [
    (0.01, 1, 0.92034432544594202),
    (3, 1, 0.083264516663550558),
    (1370, 1, 6.9429373646436158e-300),
    (3, 2, 0.22313016014842982),
    (50, 3, 7.9891792449514704e-11),
    (3, 8, 0.93435754562154982),
    (700, 8, 7.1566870737977144e-146),
    (50, 31, 0.016757268937175173),
    (1370, 31, 1.2889482386676574e-268),
    (50, 100, 0.99999304669475242),
    (1370, 100, 5.0721729985832524e-222),
]


@pytest.mark.parametrize(("z", "expected"), NORMAL)
def test_normal_tail_to_1e_12_of_itself(z, expected):
    assert normal_sf(z) == pytest.approx(expected, rel=1e-12)
    assert two_sided_p(-z) == pytest.approx(2 * expected, rel=1e-12)


@pytest.mark.parametrize(("x", "df", "expected"), CHI_SQUARE)
def test_chi_square_tail_to_1e_12_of_itself(x, df, expected):
    assert chi2_sf(x, df) == pytest.approx(expected, rel=1e-12)


def test_chi_square_begins_at_one_and_quantile_inverts():
    assert chi2_sf(0.0, 7) == 1.0
    assert normal_quantile(0.975) == pytest.approx(1.959963984540054, rel=1e-15)


@pytest.mark.parametrize(("x", "df"), [(1.0, 0), (-1.0, 1), (float("nan"), 1), (1.0, 1.5)])
def test_what_is_no_chi_square_is_an_error(x, df):
    with pytest.raises(ValueError, match="chi-square"):
        chi2_sf(x, df)
