"""What may be published of the demonstrations: an attacker reads small cells before the gate, and none behind it."""

import pytest
from tests.release.conftest import RECORDED

from riskset.results import results_of
from riskset_demo.studies import DEMONSTRATIONS
from riskset_release.attacker.counts import small_cells
from riskset_release.attacker.curves import small_steps
from riskset_release.gate.gated import gated
from riskset_release.gate.published import published_files
from riskset_report import report_of
from riskset_report.curves import curves_csv
from riskset_report.numbers import numbers_csv
from riskset_report.printed import printer_of


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_an_attacker_reads_nothing_of_a_few_patients(prepared, name):
    ready = prepared(name)
    results = results_of(ready.study, ready.outcome, sorted(ready.cohorts))
    gate, least = gated(results), ready.study.disclosure.min_cell
    report = report_of(results)
    before = {"numbers.csv": numbers_csv(report.cells), "curves.csv": curves_csv(report, printer_of(report))}
    assert len(small_cells(before, gate.counted, least)) + len(small_steps(before, least)) > 50
    files = published_files(gate, RECORDED)
    assert gate.unknown == frozenset()
    assert small_cells(files, gate.counted, least) == []
    assert small_steps(files, least) == []
