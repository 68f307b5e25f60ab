"""What sites open is compared with what they sent: each lie is first shown, and then found by the least that finds it."""

import pytest
from tests.server.run.ledger_desk import LedgerDesk

from riskset.audit.compare import compare
from riskset.audit.verify import verify

SITES = ("asan", "kurume", "osaka")


def compared(desk, data, **opened):
    """What is said of a bundle and openings, by site, and the comparison."""
    found = verify(data, desk.trusted)
    assert [str(one.told) for one in found.checks.failures] == []
    result = compare(found.checks, found.files, found.run, opened)
    return [str(one.told) for one in found.checks.failures], result


@pytest.fixture(scope="module")
def honest(tmp_path_factory, patients):
    desk = LedgerDesk(tmp_path_factory.mktemp("honest"), patients)
    run, data = desk.bundles()
    yield desk, run, data
    desk.close()


def test_honest_openings_agree_to_the_bit(honest):
    desk, run, data = honest
    failures, result = compared(desk, data, **{site: desk.opens(site, run) for site in SITES})
    assert failures == []
    assert [one.numbers > 90 for one in result.sites] == [True] * 3
    assert result.missing == ()
    for site in SITES:
        again = desk.recomputes(site, run)
        assert all(one.same == one.numbers and one.sent == one.masked for one in again.rounds)
