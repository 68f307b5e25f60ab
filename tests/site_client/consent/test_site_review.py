"""What a committee is shown before it signs: all of it, in words, and exactly the numbers that would leave."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import COX, VARIABLES

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.catalogue import say
from riskset.disclosure.policy import default_policy
from riskset.disclosure.rules import LIMITS
from riskset.protocol.journal import ALONE
from riskset.rehearsal import Rehearsal
from riskset.study.asked import OWN, installed
from riskset.study.in_words import populations, questions
from riskset.study.load import load_study
from riskset_site.consent import review as review_module
from riskset_site.consent.leaving_alone import leaving_alone
from riskset_site.consent.preview import preview
from riskset_site.consent.review import Method, review
from riskset_site.consent.review_page import methods_sentence, review_page
from riskset_site.consent.told_alone import would_be_told
from riskset_site.pages.output import facts_json

TODAY = date(2024, 6, 1)
HCC = load_study(Path(__file__).parents[3] / "configs" / "hcc-second-line.toml")
BOTH = ("--compared", "asan", "--compared", "osaka")
SITES = ("asan", "kurume", "osaka")


def test_a_study_in_sentences():
    of_both = "Progression-free survival and Overall survival"
    covariates = (
        "Second-line drug (sorafenib, lenvatinib), Age [year] (number), ECOG PS (0, 1, 2+), Macrovascular invasion "
        "(false, true) and AFP [ng/mL] (logarithm to base 10 of the value plus 1)"
    )
    assert questions(HCC) == (
        f"Kaplan-Meier curves of {of_both} for all patients and by Second-line drug (sorafenib and lenvatinib), with "
        "counts every 7 days up to day 2191.",
        "Survival at 6, 12 and 24 months, read from these curves.",
        f"Log-rank tests of {of_both} between the arms.",
        f"Cox models of {of_both} with these covariates together: {covariates}. Each hospital has its own baseline "
        "hazard.",
        f"Cox models of {of_both} with each of these covariates alone.",
    )
    assert populations(HCC) == (
        "Patients enrolled from 2018-06-01 to 2023-11-30 who meet the criteria below.",
        "Adults: age >= 18",
        "Child-Pugh class A or B: child_pugh in ['A', 'B']",
        "Date of first dose known: not missing(start)",
        "Follow-up after 2024-05-31 is not counted.",
        "Progression-free survival: from First dose to Progression or Death, whichever is first, or to Last contact if "
        "none occurs.",
        "Overall survival: from First dose to Death, or to Last contact if it does not occur.",
    )


def test_a_study_of_days_in_sentences(hospital):
    hospital.joins_a_study_of_days()
    assert populations(hospital.study) == (
        "All patients in the export.",
        "rfs: the days in days, with the event in relapse, at risk from the day in entry.",
    )


def test_what_a_site_tells_of_itself_alone(patients):
    asked = {"sites": {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"]}}
    study = patients.study(SITES, analyses=asked)
    large, small = (Cohort("asan", {"os": patients.rows(3, n)}) for n in (60, 12))
    local = default_policy("local")

    def said(cohort, **signed):
        return tuple(map(str, would_be_told(study, cohort, local, **signed)))

    of_large, of_small = said(large, is_signed=False), said(small, is_signed=True)
    assert of_large[0].startswith("Nothing: the approval does not say")
    assert of_large[1].startswith("site-heterogeneity/os/all: its patients meet the limits for two sites.")
    assert of_small[0].startswith("The approval says that its own hazard ratios may be told")
    assert "do not meet R1.population_rows" in of_small[1]
    assert tuple(would_be_told(patients.study(SITES), large, local, is_signed=True)) == ()
    shown = {id_ for round_ in preview(study, large, default_policy("pooled")).rounds for id_, _, _ in round_.numbers}
    assert ALONE in shown


def test_what_curves_tell_of_who_leaves_alone(patients):
    ends = {name: {"days": "days", "event": "dead", "label": f"Time to {name}"} for name in ("death", "relapse")}
    asked = {"km": {"kind": "km", "endpoints": list(ends)}}
    study = patients.study(("asan",), endpoints=ends, analyses=asked, width_days=7)
    arm, dead, relapsed = {"arm": np.array([0.0, 0, 0, 1])}, np.array([1, 0, 1, 0]) == 1, np.array([0, 1, 0, 1]) == 1
    cohort = Cohort("asan", {"death": AnalysisSet(np.array([5, 6, 20, 40]), dead, None, arm),
                             "relapse": AnalysisSet(np.array([5, 6, 10, 40]), relapsed, None, arm)})  # fmt: skip
    told = "the arm (arm), the step of 7 days, and whether the event occurred"
    too = "whether the patient leaves that curve in the same step too, and whether with its event"
    assert leaving_alone(study, cohort) == (
        f"Time to death: {told}; from Time to relapse, {too}. 2 of 4 patients here are alone.",
        f"Time to relapse: {told}; from Time to death, {too}. 2 of 4 patients here are alone.",
    )
    assert leaving_alone(patients.study(("asan",), analyses={"cox": COX}), cohort) == ()
    for column in ("pooled", "local"):
        found = preview(study, cohort, default_policy(column)).verdicts
        order = [one for one in found if one.finding.limit_name == "R9.outside_order"]
        assert [(one.analysis, one.verdict, one.finding.value) for one in order] == [
            ("km/death/all", "pass", 0.0),
            ("km/relapse/all", "fail", 1.0),
        ]


def test_what_counts_by_kind_tell_of_who_leaves_alone(patients):
    ends = {"os": {"days": "days", "event": "dead", "competing": ["lost"], "label": "Time to death"}}
    asked = {"cif": {"kind": "cumulative-incidence", "endpoints": ["os"]}}
    variables = {**VARIABLES, "lost": {"type": "boolean", "label": "Loss"}}
    study = patients.study(("asan",), endpoints=ends, analyses=asked, width_days=7, variables=variables)
    cause, arm = np.array([1, 2, 0, 1]), {"arm": np.array([0.0, 0, 0, 1])}
    rows = AnalysisSet(np.array([5, 6, 20, 40]), cause == 1, None, arm, cause=cause)
    assert leaving_alone(study, Cohort("asan", {"os": rows})) == (
        "Time to death: the arm (arm), the step of 7 days, and which event occurred, if any. "
        "2 of 4 patients here are alone.",
    )
    assert populations(study)[-1] == (
        "Time to death: the days in days, with the event in dead. It ends earlier with Loss, which competes with the "
        "event."
    )


class TestMethods:
    def test_there_are_none_but_riskset_s_own(self, member):
        found = review(member.study_folder, TODAY)
        assert [(one.kind, one.is_own) for one in found.methods] == [(kind, True) for kind in OWN]
        assert [one.kind for one in found.methods if one.is_asked] == ["cox"]
        assert review_page(found).facts["Methods"] == "those of riskset; none from other packages"

    def test_those_of_other_packages_are_named(self, member, monkeypatch):
        others = {"gehan": "riskset-gehan 1.2", "peto": "peto 0.1"}
        monkeypatch.setattr(review_module, "installed", lambda: {**installed(), **others})
        found = review(member.study_folder, TODAY)
        assert review_page(found).facts["Methods"] == (
            "those of riskset, and gehan from riskset-gehan 1.2 (not used by this study); "
            "peto from peto 0.1 (not used by this study)"
        )
        told = json.loads(facts_json(found))["methods"][len(OWN)]
        assert told == {"kind": "gehan", "package": "riskset-gehan 1.2", "is_own": False, "is_asked": False}

    def test_one_that_the_study_uses_is_named_so(self):
        methods = [Method("km", "riskset 0.1.0", True, True), Method("gehan", "riskset-gehan 1.2", False, True)]
        assert methods_sentence(methods) == ("those of riskset, and gehan from riskset-gehan 1.2 (used by this study)")


@pytest.fixture(scope="module")
def run(patients):
    """A true run of three sites, and one site's preview of it."""
    cohorts = patients.deal(patients.rows(seed=1, n=240), patients.sites(SITES, 240))
    rehearsal = Rehearsal(patients.study(SITES), cohorts)
    rehearsal.run()
    previewed = preview(rehearsal.study, cohorts["asan"], default_policy("pooled"))
    return [sent.numbers for sent in rehearsal.journals["asan"].sent[rehearsal.run_id]], previewed


def test_what_is_previewed_of_admission_and_curves_is_what_a_run_sends(run):
    sent, previewed = run
    by_phase = {round_.phase: round_.numbers for round_ in previewed.rounds}
    steps = [numbers for phase, numbers in by_phase.items() if phase.startswith("admission/")]
    assert len(steps) == 4
    assert sent[:4] == steps
    assert sent[-1] == by_phase["close"]


def test_what_is_previewed_of_models_has_the_labels_of_what_a_run_sends(run):
    sent, previewed = run
    first = next(round_ for round_ in previewed.rounds if round_.phase == "first")
    assert [numbers[:2] for numbers in first.numbers] == [numbers[:2] for numbers in sent[4]]


def test_what_passes_alone_differs_from_what_other_sites_decide(patients):
    study, [cohort] = (
        patients.study(["asan"]),
        patients.deal(patients.rows(2, 42), patients.sites(["asan"], 42)).values(),
    )
    pooled, local = (preview(study, cohort, default_policy(column)) for column in ("pooled", "local"))
    assert pooled.worst["R1.population_rows"].verdict == "in the run"  # 42 of 50
    assert local.worst["R1.population_rows"].verdict == "pass"  # 42 of 30
    assert pooled.worst["R1.site_rows"].verdict == "pass"
    assert {verdict.verdict for verdict in pooled.verdicts} <= {"pass", "in the run"}
    assert list(pooled.worst) == [name for name in LIMITS if name in pooled.worst]


def test_what_a_rule_refuses_comes_first_with_what_would_pass(member_at):
    member = member_at(("kurume", "asan"))
    member.exports(member.patients(24))
    page = review_page(review(member.study_folder, TODAY))
    [warning] = page.warnings
    assert warning.startswith("On these data this site would refuse cox/os/all/multivariable (rules R1")
    judged = next(
        section for section in page.sections if section.heading == "Disclosure rules applied to this site's patients"
    )
    remedies = judged.parts[judged.parts.index("What would pass:") + 1]
    assert any(remedy.startswith("R1, os: ") for remedy in remedies)


def test_a_site_of_three_patients_stays_out(member):
    member.exports(member.patients(3))
    found = review(member.study_folder, TODAY)
    assert found.preview.worst["R1.site_rows"].verdict == "fail"
    assert "takes part in no run of this study" in review_page(found).warnings[0]


def test_a_site_without_patients_can_be_reviewed(member):
    member.has_study(rules='[[eligibility]]\nid = "old"\nrule = "age >= 99"')
    found = review(member.study_folder, TODAY)
    assert found.preview.worst["R1.site_rows"].verdict == "pass"  # it adds zeros


def test_what_the_check_warns_of_is_shown_before_anyone_signs(member):
    lines = member.patients(60).splitlines()
    lines[1] = lines[1].replace("2021-", "2019-").replace("2020-01-01", "1960-01-01")
    member.exports("\n".join(lines))
    (found,) = review_page(review(member.study_folder, TODAY)).warnings
    assert found == "riskset site check warns: variable start: 1 date is far from all others [data.fault.far_date]"


def test_the_parties_are_shown_with_what_is_known_of_their_keys(member):
    member.approves("--compared", "asan")
    files = member.study_folder
    parties = {party.site: party for party in review(files, TODAY).parties}
    assert {site: party.known for site, party in parties.items()} == {
        "kurume": "this site",
        "asan": "compared",
        "osaka": "not compared",
    }
    assert parties["osaka"].words == files.roster.fingerprint("osaka")
    assert parties["osaka"].telephone == "+81 942 000 000"


def test_a_new_roster_makes_every_key_one_to_be_compared(member):
    member.approves(*BOTH)
    member.has_roster(telephone="+81 000")
    assert {party.known for party in review(member.study_folder, TODAY).parties} == {"this site", "not compared"}


def test_a_new_version_is_shown_as_old_and_new(member):
    assert review(member.study_folder, TODAY).changes is None
    member.approves(*BOTH)
    assert review(member.study_folder, TODAY).changes == ()
    member.has_study(min_sites=3, covariates='"arm", "age"')
    found = review(member.study_folder, TODAY)
    assert found.changes == (
        'Analysis cox: multivariable changed from ["arm", "age", "mvi"] to ["arm", "age"].',
        "Section [disclosure]: min_sites changed from 2 to 3.",
    )
    assert found.standing == "not approved: the study differs from the approved one"
    assert review_page(found).sections[0].parts == [found.changes]


def test_limits_and_exceptions_are_shown(member):
    member.writes("[limits]", "R1.population_rows = 100")
    member.approves(*BOTH, "--exception", "R4=1/3", "--reason", "two adults")
    found = review(member.study_folder, TODAY)
    own = {one.limit: (one.default, one.own, one.reason) for one in found.limits if one.own}
    assert own == {"R1.population_rows": ("50", "100", ""), "R4.leverage": ("1/5", "1/3", "two adults")}


def test_expiry_within_thirty_days_comes_first(member):
    member.approves(*BOTH, until="2099-12-31")
    [told] = review_page(review(member.study_folder, date(2099, 12, 1))).warnings
    assert told.startswith("the approval of this site expires on 2099-12-31, in 30 days")


def test_what_two_sites_can_read_of_each_other_is_shown(member_at):
    page = review_page(review(member_at(("kurume", "asan")).study_folder, TODAY))
    seen = next(section for section in page.sections if section.heading == "Who can see what of this site")
    assert "can subtract its own sums from every total" in seen.parts[0][0]


def test_the_html_page_holds_every_number(member, tmp_path):
    out = tmp_path / "review.html"
    assert member.says("review", "--html", str(out)) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    page, found = out.read_text(encoding="utf-8"), review(member.study_folder, TODAY)
    labels = {label for round_ in found.preview.rounds for _, told, _ in round_.numbers for label in told}
    assert len(labels) > 20
    assert not {label for label in labels if label.replace("&", "&amp;") not in page}


def test_the_json_holds_the_same_facts(member, capsys):
    assert member.says("review", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["questions"] == list(questions(member.study))
    assert found["preview"]["rounds"][0]["numbers"][0][2] == [60.0]
    assert {party["site"] for party in found["parties"]} == set(member.sites)


def test_looking_leaves_the_folder_as_it_was(member):
    before = {path: path.read_bytes() for path in member.folder.rglob("*") if path.is_file()}
    assert member.says("review") == 0
    assert {path: path.read_bytes() for path in member.folder.rglob("*") if path.is_file()} == before


def test_a_figure_that_is_no_number_is_null_in_the_json():
    assert json.loads(facts_json({"margin": float("-inf"), "of": (1.5, float("nan"))})) == {
        "schema": 1,
        "margin": None,
        "of": [1.5, None],
    }


def test_who_decides_what_is_published_is_on_the_page_where_the_study_says_it(member):
    plain = review(member.study_folder, TODAY)
    heading = str(say("site.review.heading.decided_by"))
    assert heading not in [section.heading for section in review_page(plain).sections]
    decided_by = (say("study.release.accepts", n=3), say("study.release.veto", n=14))
    page = review_page(replace(plain, decided_by=decided_by))
    (section,) = [section for section in page.sections if section.heading == heading]
    assert section.parts == [decided_by]
