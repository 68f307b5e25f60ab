"""From the bundle of each demonstration two auditors release what both accept: a hostile reader of the release folder,
who opens every file, reads no number of a few patients, and every file has its proof."""

import pytest
from tests.release.contained import not_contained

from riskset.audit.proof import check_proof
from riskset.cli import main
from riskset_demo.studies import DEMONSTRATIONS
from riskset_release.attacker.counts import printed_counts, small_cells, small_printed_cells
from riskset_release.attacker.curves import small_drawn_steps, small_quartiles, small_steps
from riskset_release.attacker.drawing import curves_of
from riskset_release.attacker.folder import said_in
from riskset_release.attacker.pdf import read_pdf
from riskset_release.attacker.svg import read_svg
from riskset_release.attacker.tables import layout_of, readings
from riskset_release.folder.pages import PAGES
from riskset_release.releasing import PROOF, RECORD
from riskset_report import report_of
from riskset_report.curves import curves_csv
from riskset_report.numbers import numbers_csv
from riskset_report.printed import printer_of

pytestmark = pytest.mark.exhaustive
READERS = {"svg": read_svg, "pdf": read_pdf}


def lists_of(report):
    """Every number of a report, which no release has as a list."""
    return {"numbers.csv": numbers_csv(report.cells), "curves.csv": curves_csv(report, printer_of(report))}


@pytest.fixture(scope="module", params=DEMONSTRATIONS)
def found(request, audited):
    return audited(request.param)


@pytest.fixture(scope="module")
def decided(found):
    """By output, what kim decides; sato accepts all. Of the fourth kim says nothing."""
    ids = [one.id for one in found.committee.candidate.outputs]
    words = ["accept", "reject", "change", None]
    return dict(zip(ids, [*words, *["accept"] * len(ids)], strict=False))


@pytest.fixture(scope="module")
def folder(found, decided, tmp_path_factory):
    """What `riskset release` writes. The bundle was checked, and its candidate made, by the fixture."""
    root, committee = tmp_path_factory.mktemp("release"), found.committee
    for id_, word in decided.items():
        committee.votes(root / "votes", "sato", id_)
        if word:
            committee.votes(root / "votes", "kim", id_, word)
    with pytest.MonkeyPatch.context() as patch:
        read = lambda *_files: (committee.candidate, committee.trusted)  # noqa: E731
        patch.setattr("riskset_release.commands.release.read_candidate", read)
        options = ("--keys", "trusted.toml", "--votes", str(root / "votes"), "--out", str(root / "released"))
        assert main(["release", "run.zip", *options]) == 0
    return root / "released"


@pytest.fixture(scope="module")
def files(folder):
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_what_both_auditors_accept_is_released_and_nothing_else(found, decided, files):
    assert found.committee.candidate.failures == ()
    accepted = [one for one in found.committee.candidate.outputs if decided[one.id] == "accept"]
    assert 0 < len(accepted) == len(decided) - 3
    released = {path: content for one in accepted for path, content in one.files.items()}
    assert {path: files[path] for path in released} == released
    assert files.keys() == {*released, PROOF, RECORD, *PAGES}


def test_every_released_file_has_its_proof_and_none_that_was_changed(found, files):
    proof, trusted = files[PROOF], found.committee.trusted
    for path in files.keys() - {PROOF, RECORD, *PAGES}:
        assert check_proof(proof, path, files[path], trusted).checks.failures == []
    for path in sorted(files.keys() - {PROOF, RECORD, *PAGES})[:10]:
        changed = bytearray(files[path])
        changed[len(changed) // 2] ^= 1
        assert check_proof(proof, path, bytes(changed), trusted).checks.failures != []


def test_an_attacker_reads_no_small_count_from_the_tables(found, files):
    gate = found.gate
    least = gate.results.study.disclosure.min_cell
    assert gate.unknown == frozenset()
    printed = printed_counts(readings(files, layout_of(gate.report())), gate.counted)
    assert printed == {name: {gate.counted.system.values[name]} for name in printed}
    assert small_printed_cells(files, layout_of(gate.report()), gate.results, gate.counted, least) == []


def test_an_attacker_reads_no_small_step_from_the_drawings(found, files):
    least = found.gate.results.study.disclosure.min_cell
    drawn = [path for path in files if path.startswith("figures/km") and path.endswith((".svg", ".pdf"))]
    curves = {path: curves_of(READERS[path.rpartition(".")[2]](files[path])) for path in drawn}
    assert any(curves.values())
    assert [told for path, of in curves.items() for told in small_drawn_steps(path, of, least)] == []
    km = [entry.result for entry in found.gate.results.entries if entry.kind == "km" and hasattr(entry.result, "arms")]
    assert [told for result in km for told in small_quartiles(result, least)] == []


def test_an_attacker_who_has_every_number_reads_none_either(found):
    """As if all lists of the run were published. Of the results as the hospitals have them it reads many."""
    gate, least = found.gate, found.gate.results.study.disclosure.min_cell
    before, lists = lists_of(report_of(found.results)), lists_of(gate.report())
    assert len(small_cells(before, gate.counted, least)) + len(small_steps(before, least)) > 50
    assert small_cells(lists, gate.counted, least) == []
    assert small_steps(lists, least) == []


def test_every_printed_number_is_a_published_cell(found):
    assert list(not_contained(found.gate, found.committee.candidate.outputs, found.recorded)) == []


def test_nothing_is_said_where_nobody_looks_but_names_and_constants(files):
    """Beside what a file shows: no number of patients; of drawings the order of shapes, of Word its own properties."""
    for path, data in files.items():
        for said in said_in(path, data)[1]:
            assert not any(word in said for word in ("comment", "hidden", "behind", "no part", "stream")), (path, said)
