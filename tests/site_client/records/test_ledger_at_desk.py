"""The ledger at the site desk, after a run."""

import pytest
from tests.site_client.desk.conftest import at_desk

from riskset.catalogue import say


@pytest.fixture
def desk(answered):
    return at_desk(answered)


def test_runs_are_shown_at_once_and_numbers_only_after_asking(desk):
    heading = say("site.column.sent")
    page = desk.reads("/ledger")
    assert say("site.ledger.closed") in page
    assert f">{heading}<" not in page
    whole = desk.sends("/ledger", numbers="yes").text
    assert f">{heading}<" in whole
    assert len(whole) > 4 * len(page)
