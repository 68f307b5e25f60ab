"""Two releases of a demonstration, two patients apart: who subtracts them learns of nobody."""

from dataclasses import replace

import pytest

from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset.study.load import parse_study
from riskset_demo.studies import DEMONSTRATIONS
from riskset_release.attacker.counts import small_cells
from riskset_release.gate.earlier import Earlier
from riskset_release.gate.gated import gated
from riskset_release.gate.links import counted_of
from riskset_report.numbers import numbers_csv
from riskset_site.data.cohort import load_cohort


def results_without(demonstration, folder, left_out):
    """The results of a demonstration, of whose first hospital the last rows of the export are left out."""
    study, cohorts = parse_study(demonstration.study.decode()), {}
    for i, (site, files) in enumerate(demonstration.folders().items()):
        (folder / site).mkdir(parents=True)
        for name, content in files.items():
            is_shorter = i == 0 and name.endswith(".csv") and left_out
            lines = content.splitlines(keepends=True)
            (folder / site / name).write_bytes(b"".join(lines[:-left_out]) if is_shorter else content)
        cohorts[site] = load_cohort(folder / site / "site.toml", study)
    told = {"exceptions": demonstration.exceptions, "told_alone": demonstration.told_alone}
    return results_of(study, Rehearsal(study, cohorts, **told).run(), sorted(cohorts))


def everything_of(gate):
    """A release of all that the gate lets pass."""
    shown = frozenset(cell.id for cell in gate.cells if cell.id not in gate.held_back)
    counts = shown & (gate.counted.cells.keys() | gate.counted.tells.keys())
    of = frozenset(entry.id for entry in gate.exact.entries)
    results = replace(gate.exact, run="before")
    return Earlier("before", "2026-03-01T09:00:00.000+00:00", "0" * 64, results, counts, of)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["lung", "hcc-two"])
def test_two_patients_more_are_not_told(tmp_path, name):
    demonstration = DEMONSTRATIONS[name]
    before = everything_of(gated(results_without(demonstration, tmp_path / "before", 2)))
    now = results_without(demonstration, tmp_path / "now", 0)
    least, system = now.study.disclosure.min_cell, counted_of(now, [before])
    alone, beside = gated(now), gated(now, [before])

    def told(gate):
        return {one.count for one in small_cells({"numbers.csv": numbers_csv(gate.cells)}, system, least)}

    assert len(told(alone)) > 2
    assert told(beside) == beside.pattern.told_before == set()
    again = gated(now, [everything_of(alone)])
    assert again.pattern.held_back == alone.pattern.held_back
