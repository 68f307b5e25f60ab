"""A small study with every kind of analysis, as it was computed and as it may be published."""

import pytest
from tests.report.whole_study import whole_results

from riskset_release.gate.gated import gated
from riskset_release.gate.published import published_files
from riskset_report import Recorded, report_of
from riskset_report.curves import curves_csv
from riskset_report.numbers import numbers_csv
from riskset_report.printed import printer_of

RECORDED = Recorded(roster="0" * 64, began_at="2026-01-01T00:00:00+00:00", ended_at="2026-01-02T00:00:00+00:00")


@pytest.fixture(scope="session")
def whole():
    """Of 70 patients: most tables have small cells."""
    return whole_results(70)


@pytest.fixture(scope="session")
def gate(whole):
    return gated(whole)


@pytest.fixture(scope="session")
def published(gate):
    return published_files(gate, RECORDED)


@pytest.fixture(scope="session")
def lists_of():
    """The lists of a report, which have every number of it."""

    def lists(report):
        return {"numbers.csv": numbers_csv(report.cells), "curves.csv": curves_csv(report, printer_of(report))}

    return lists


@pytest.fixture(scope="session")
def unpublished(whole, lists_of):
    return lists_of(report_of(whole))
