"""A figure with the exact steps of its curves: an output of its own, which passes as an exception only."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from tests.release.conftest import RECORDED, Committee, an_output
from tests.server.run.conftest import Desk

from riskset.audit.proof import check_proof
from riskset.audit.trusted import Trusted
from riskset.audit.verify import verify
from riskset.catalogue import languages
from riskset.cli import main
from riskset.errors import DataError, Refused
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import save_identity
from riskset_release.attacker.drawn_steps import drawn_steps
from riskset_release.ballots import count, decisions
from riskset_release.candidate import candidate_of
from riskset_release.casting import why_no_vote
from riskset_release.exact_outputs import RULE, exact_outputs
from riskset_release.folder.pages import NOTE
from riskset_release.gate.exact import check_plain, drawn_by, with_exact_curve
from riskset_release.gate.gated import MARK
from riskset_release.releasing import PROOF, RECORD, released_files
from riskset_release.vote_folder import votes_in
from riskset_release.votes import Judgement
from riskset_report.cells import Mark
from riskset_report.figures.drawings import drawn
from riskset_report.printed import printer_of

K = 5
KM, FIRST = "figure-km-os-all", "figure-cumulative-incidence-os-all-1"
AT = "2026-07-01T09:00:00.000+00:00"


@pytest.fixture(scope="module")
def offered(whole, gate):
    """Of 70 patients: the exact curves of survival and of the first kind of event."""
    found = exact_outputs(whole, gate, RECORDED, [an_output("table-1")], [KM, FIRST])
    return {one.id: one for one in found}


def svg_of(output, width=""):
    (path,) = [path for path in output.files if path.endswith(f"-exact{width}.svg")]
    return output.files[path]


def true_steps(whole, kind):
    """By arm, from 1: the events of each day on which somebody had one."""
    (result,) = [one.result for one in whole.entries if one.kind == kind and hasattr(one.result, "arms")]
    found = {}
    for i, arm in enumerate(result.arms):
        curve = arm.curve if kind == "km" else arm.incidence
        events = curve.events if kind == "km" else curve.events[0]
        found[i + 1] = {int(day): int(n) for day, n in zip(curve.day, events, strict=True) if n}
    return found


@pytest.mark.parametrize(("id_", "kind"), [(KM, "km"), (FIRST, "cumulative-incidence")])
@pytest.mark.parametrize("width", ["", "-85mm"])
def test_an_attacker_proves_steps_of_few_patients_from_the_drawing(whole, gate, offered, id_, kind, width):
    """And proves nothing that is wrong."""
    true, unit = true_steps(whole, kind), whole.study.days_per_unit
    found = drawn_steps(svg_of(offered[f"{id_}-exact"], width))
    assert len(found) > 8
    for step in found:
        assert step.least <= true[step.curve][round(step.time * unit)] <= step.largest
    small = [step for step in found if step.is_small(K)]
    assert len(small) > 5
    verdict = offered[f"{id_}-exact"].verdicts[0]
    assert (verdict.rule, verdict.passes, verdict.needs_exception) == (RULE, False, True)
    assert f"of {len(small)} of its {len(found)} steps that 1 to 4 patients had the event" in str(verdict.found)


def test_the_committee_reads_the_steps(offered):
    told = [str(one) for one in offered[f"{KM}-exact"].told]
    assert any(re.fullmatch(r"old, at [\d.]+ months: 1 patient had the event\.", one) for one in told)
    assert told[-1].startswith("With all steps together")


def below_the_axis(svg):
    """The texts of the ticks and below them, by their time and from the top."""
    texts = re.findall(r'text-anchor: middle"? x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)<', svg.decode())
    return sorted((float(y), float(x), text) for x, y, text in texts)


def test_all_but_the_steps_is_as_in_the_gated_figure(gate, offered):
    report = gate.report()
    (figure,) = [one for part in report.parts for one in part.blocks if one.id == "figure km/os/all"]
    gated = next(iter(drawn(figure, printer_of(report)).values())).svg
    exact = svg_of(offered[f"{KM}-exact"])
    rows = [
        [text for _, _, text in below_the_axis(svg) if text.isdecimal() or text == "withheld"] for svg in (gated, exact)
    ]
    assert "withheld" in rows[0]
    assert rows[0] == rows[1]
    bands = [re.findall(rb'<path d="([^"]*)" clip-path="[^"]*" style="fill: #', svg) for svg in (gated, exact)]
    assert len(bands[0]) > len(bands[1])
    heights = [set(re.findall(rb"[ML] \S+ (\S+)", band)) for band in bands[1]]
    assert all(len(of) == 1 for of in heights)  # of the point at time 0
    assert not [step for step in drawn_steps(gated) if step.is_small(K)]


@pytest.mark.parametrize("language", languages())
def test_the_drawing_says_that_it_is_an_exception_and_is_read_in_each_language(whole, gate, offered, language):
    (found,) = exact_outputs(whole, gate, RECORDED, [], [KM], language)
    said = {"en": "Published as an exception", "ko": "예외로 공개한", "ja": "例外として公開した"}[language]
    assert said.encode() in svg_of(found)
    steps, in_english = (drawn_steps(svg_of(one)) for one in (found, offered[f"{KM}-exact"]))
    assert [replace(one, time=round(one.time, 4)) for one in steps] == [
        replace(one, time=round(one.time, 4)) for one in in_english
    ]


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("figure-km-os-al", "'figure-km-os-al' is not a figure with curves"),
        ("figure-flow", "'figure-flow' is not a figure with curves"),
        ("figure-cox-os-all-cox-log-log", "is not a figure with curves"),
        ("table-km-os-all", "is not a figure with curves"),
    ],
    ids=str,
)
def test_what_has_no_curve_is_refused_by_name(whole, gate, figure, said):
    with pytest.raises(DataError, match=said):
        exact_outputs(whole, gate, RECORDED, [an_output("figure-km-os-all")], [figure])


def test_an_id_that_the_study_has_is_not_offered_again(whole, gate):
    with pytest.raises(DataError, match="has an output 'figure-km-os-all-exact' already"):
        exact_outputs(whole, gate, RECORDED, [an_output("figure-km-os-all-exact")], [KM])


@pytest.mark.parametrize("change", [{"population": "match"}, {"weights": True}, {"has_entry": True}], ids=str)
def test_only_curves_of_all_patients_who_count_once_are_offered(gate, change):
    class Other:
        """An analysis with other patients, weights or late entries."""

        def __init__(self, of):
            self.population = change.get("population", of.population)
            self.exposure = replace(of.exposure, weights=change.get("weights", of.exposure.weights))
            self.counts = replace(of.counts, has_entry=change.get("has_entry", of.counts.has_entry))
            self.id = of.id

    (entry,) = [one for one in gate.results.entries if one.id == "km/os/all"]
    check_plain(entry, gate)
    with pytest.raises(DataError, match="only those of all patients"):
        check_plain(replace(entry, analysis=Other(entry.analysis)), gate)


def test_a_curve_that_is_held_back_whole_is_not_offered(gate):
    (entry,) = [one for one in gate.results.entries if one.id == "km/os/all"]
    of_curves = {c.id: MARK for c in gate.cells.of(entry.id) if ".curve.survival" in c.place.quantity}
    with pytest.raises(DataError, match="holds them back whole"):
        check_plain(entry, replace(gate, cells=gate.cells.with_values(of_curves)))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, patients):
    folder = tmp_path_factory.mktemp("a run")
    desk = Desk(folder, patients)
    run = desk.finishes(desk.begins()).name
    assert desk.says("bundle", run, "--file", folder / "run.zip") == 0
    return folder / "run.zip"


@pytest.fixture(scope="module")
def committee(bundle):
    found, roster = Committee(), verify(bundle.read_bytes(), None).run.roster
    keys = roster.parties_of(roster.sites)
    parties = {name: fingerprint_words(keys[name]) for name in ("coordinator", "asan", "kurume", "osaka")}
    found.trusted = Trusted(parties, found.trusted.auditors)
    found.candidate = candidate_of(bundle.read_bytes(), found.trusted, exact=[KM])
    return found


def released(committee, folder):
    found = votes_in(folder)
    counted = count(committee.candidate, found, committee.trusted, committee.policy)
    decided = decisions(committee.candidate, counted, committee.policy)
    return released_files(committee.candidate, counted, decided, found.files, committee.policy, AT, "en")


def test_offering_it_changes_no_byte_of_the_other_outputs(committee, bundle):
    plain = candidate_of(bundle.read_bytes(), committee.trusted).outputs
    assert [one.sha256 for one in committee.candidate.outputs] == [
        *(one.sha256 for one in plain),
        committee.output(f"{KM}-exact").sha256,
    ]
    again = candidate_of(bundle.read_bytes(), committee.trusted, exact=[KM, KM])
    assert again.outputs[-1].sha256 == committee.candidate.outputs[-1].sha256


def test_only_enough_exceptions_release_it(committee, tmp_path):
    for who in ("sato", "kim"):
        committee.votes(tmp_path / "accepts", who, f"{KM}-exact")
    committee.votes(tmp_path / "one", "ito", f"{KM}-exact", "exception")
    for folder in ("nothing", "accepts", "one"):
        with pytest.raises(Refused, match="no output of the bundle is accepted"):
            released(committee, tmp_path / folder)
    output = committee.output(f"{KM}-exact")
    refused = why_no_vote(committee.candidate, output, "sato", committee.policy, Judgement("accept", "K. Sato"))
    assert "pass only as an exception: exact curve" in str(refused)


def test_the_folder_has_the_exception_and_the_attacker_reads_its_steps_and_no_others(committee, tmp_path):
    for who in ("sato", "kim"):
        for id_ in (KM, "table-km-os-all"):
            committee.votes(tmp_path, who, id_)
        committee.votes(tmp_path, who, f"{KM}-exact", "exception")
    files = released(committee, tmp_path)
    record = {one["id"]: one for one in json.loads(files[RECORD])["outputs"]}
    assert record[f"{KM}-exact"]["by_exception"] == [RULE]
    assert record[KM]["by_exception"] == []
    assert {"figures/km-os-all-exact.svg", "figures/km-os-all.svg"} <= files.keys()
    note = files[NOTE].decode()
    assert "Dr. Sato, 2026-06-30, as an exception: The last row singles out a hospital." in note
    assert "released as an exception, for the reasons given, and tells more: " in note
    drawings = {path: drawn_steps(content) for path, content in files.items() if path.endswith(".svg")}
    small = {path: sum(step.is_small(K) for step in steps) for path, steps in drawings.items()}
    signed = {path for path in record[f"{KM}-exact"]["files"] if path.endswith(".svg")}
    assert signed == {"figures/km-os-all-exact.svg", "figures/km-os-all-exact-85mm.svg"}
    assert {path for path, n in small.items() if n} == signed
    assert all(small[path] > 3 for path in signed)
    path = "figures/km-os-all-exact.svg"
    proven = check_proof(files[PROOF], path, files[path], committee.trusted)
    assert proven.checks.failures == []
    assert [one.decision for one in proven.accepted] == ["exception"] * 2


def test_the_commands_offer_it(committee, bundle, tmp_path, capsys):
    trusted, votes = tmp_path / "trusted.toml", tmp_path / "votes"
    lines = [f'{name} = "{words}"' for name, words in committee.trusted.fingerprints.items()]
    auditors = [f'{name} = "{words}"' for name, words in committee.trusted.auditors.items()]
    trusted.write_text("\n".join([*lines, "[auditors]", *auditors]))
    common = [str(bundle), "--keys", str(trusted), "--votes", str(votes)]

    def sign(who, *said, exact=(KM,)):
        save_identity(key := tmp_path / f"{who}{len(said)}{len(exact)}.pem", committee.keys[who])
        options = [word for figure in exact for word in ("--exact", figure)]
        of = [f"{KM}-exact", *said, *common[1:], "--as", who, "--key", str(key), *options]
        return main(["audit", "sign", common[0], *of])

    assert sign("sato", "accept", "--name", "Sato") == 3
    assert "pass only as an exception: exact curve" in capsys.readouterr().err
    reason = ["--name", "Dr", "--category", "disclosure", "--reason", "All of these patients have agreed."]
    assert sign("sato", "exception", *reason, exact=()) == 1
    assert "the run has no output 'figure-km-os-all-exact'" in capsys.readouterr().err
    assert sign("sato", "exception", *reason) == sign("kim", "exception", *reason) == 0
    assert main(["release", *common, "--out", str(tmp_path / "without")]) == 3
    assert f"this run has no output {KM}-exact" in capsys.readouterr().err
    assert main(["release", *common, "--out", str(tmp_path / "with"), "--exact", KM]) == 0
    assert (tmp_path / "with" / "figures" / "km-os-all-exact.svg").exists()
    assert main(["release", *common, "--out", str(tmp_path / "wrong"), "--exact", "figure-km-os-al"]) == 1
    assert "did you mean 'figure-km-os-all'" in capsys.readouterr().err


def test_a_step_between_days_of_the_gated_curve_shows_the_next_gated_number(whole, gate):
    """Of two ticks around it a reader has the same numbers in both figures."""
    curve = with_exact_curve(whole, gate, *drawn_by("km/os/all", gate.results))
    gated = {c.id: c.value for c in gate.cells.of("km/os/all") if c.place.quantity.endswith("curve.at_risk")}
    exact = {c.id: c.value for c in curve.cells.of("km/os/all") if c.place.quantity.endswith("curve.at_risk")}
    assert len(exact) > len(gated)
    assert {id_: exact[id_] for id_ in gated} == gated
    limits = [c.value for c in curve.cells.of("km/os/all") if re.search(r"curve\.(lower|upper)$", c.place.quantity)]
    assert set(map(type, limits)) == {type(None), Mark}
    survival = [c.value for c in curve.cells.of("km/os/all") if c.place.quantity.endswith("curve.survival")]
    assert any(isinstance(value, float) and not np.isclose(value, round(value, 2)) for value in survival)
