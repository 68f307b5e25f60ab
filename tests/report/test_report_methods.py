"""The text of methods says what was done in a run, and nothing else; the STROBE checklist points to what is there."""

import ast
import io
import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from docx import Document

from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.catalogue import ENGLISH, _flat, fields_of, say
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset_report import report_of
from riskset_report.cells import Mark
from riskset_report.methods import methods_of
from riskset_report.methods.markdown import methods_md
from riskset_report.methods.references import Citations
from riskset_report.methods.strobe import checklist, ranges
from riskset_report.methods.strobe_items import SECTIONS
from riskset_report.methods.text import printed_methods
from riskset_report.printed import printed_report, printer_of
from riskset_report.provenance import Recorded
from riskset_report.word.strobe import strobe_docx

SITES = ("asan", "kurume", "mirae")
N = 240
COX = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage"]}
KM = {"kind": "km", "endpoints": ["os"], "landmarks": [12]}
SCORE = {
    "covariates": ["age", "stage"],
    "adjustments": {"match": {"method": "nearest"}, "ato": {"method": "overlap"}},
}
RECORDED = Recorded("ab" * 32, "2026-11-22T09:00:00.000+00:00", "2026-11-22T14:05:59.123+00:00")


def rehearsed(patients, analyses, *, n=N, is_gated=False, exceptions=(), limits=None, after=None, **more):
    study = patients.study(SITES, analyses=analyses, **more)
    cohorts = patients.deal(patients.rows(3, n), patients.sites(SITES, n))
    if after is not None:
        cohorts = {name: with_landmark(cohort, patients, after) for name, cohort in cohorts.items()}
    run = Rehearsal(study, cohorts, is_gated=is_gated, exceptions=exceptions, limits=limits)
    return results_of(study, run.run(), SITES, [], is_gated=is_gated)


def with_landmark(cohort, patients, day):
    rows = cohort.analysis_sets["os"]
    later = np.flatnonzero(rows.days > day)
    chosen = replace(patients.choose(rows, later), patient=later)
    chosen = replace(chosen, days=chosen.days - day)
    return replace(cohort, analysis_sets={"os": rows, f"os after day {day}": chosen})


def text_of(results, recorded=None):
    report = report_of(results)
    return methods_md(printed_methods(methods_of(report, recorded), printer_of(report)))


@pytest.fixture(scope="module")
def plain(patients):
    return rehearsed(patients, {"survival": KM, "cox": COX})


def test_a_plain_study(plain):
    text = text_of(plain)
    for said in (
        "Patients came from 3 hospitals: asan, kurume and mirae.",
        "This was a rehearsal on one machine",
        "R was not used.",
        "os was given by the hospitals in whole days (days), with an indicator of the event (dead)",
        "Arms were defined by arm: new against old (reference).",
        "For os, 240 patients were analysed.",
        "Missing values were not imputed.",
        "in steps of 28 days up to day 2520",
        "Pointwise confidence limits are on the log-log scale.",
        "Survival is given at 12 months.",
        "stratified by hospital: each hospital had a baseline hazard of its own",
        "Tied event times were handled by Efron's method [6].",
        "A multivariable model of os in all patients had the covariates arm, age and stage.",
        "All confidence limits are at 95%. P values are two-sided; neither they nor confidence limits are adjusted",
        "No disclosure rule was applied: these results must not leave the machine.",
        "All 2 results that the study asks for are given.",
        "6. Efron B.",
    ):
        assert said in text
    for not_done in ("Breslow N", "Firth", "robust", "weight", "competing", "Gray", "propensity", "score", "landmark"):
        assert not_done not in text


def test_references_are_those_that_are_cited_in_their_order(plain):
    text, _, listed = text_of(plain).partition("## References")
    cited = [int(n) for found in re.findall(r"\[([\d,]+)\]", text) for n in found.split(",")]
    numbers = [int(n) for n in re.findall(r"^(\d+)\. ", listed, flags=re.MULTILINE)]
    assert list(dict.fromkeys(cited)) == numbers == list(range(1, len(numbers) + 1))


def test_every_reference_can_be_cited():
    folder = files("riskset_report.methods")
    known = tomllib.loads(folder.joinpath("references.toml").read_text(encoding="utf-8"))
    sources = [path.read_text(encoding="utf-8") for path in folder.iterdir() if path.name.endswith(".py")]
    texts = {node.value for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert known.keys() <= texts
    with pytest.raises(KeyError):
        Citations().cite("nobody")


def test_options_of_models(patients):
    text = text_of(
        rehearsed(
            patients,
            {
                "survival": {**KM, "limits": "plain", "rho": 1, "strata": ["stage"]},
                "firth": {**COX, "ties": "breslow", "firth": True},
                "curved": {**COX, "ties": "breslow", "splines": {"age": [50, 60, 80]}, "ph_test": ["km", "log"]},
                "later": {**COX, "ties": "breslow", "univariable": ["arm"], "landmark": 3, "robust": "patient"},
            },
            after=91,
        )
    )
    for said in (
        "Pointwise confidence limits are on the plain scale.",
        "a further log-rank test was stratified by hospital and stage",
        "log-rank tests were weighted by survival to the power of 1",
        "handled by Breslow's method",
        "These models maximised the likelihood penalised by Firth's method",
        "age entered as a restricted cubic spline with knots at 50, 60 and 80",
        "with 1 minus survival and the logarithm of time",
        "Only patients still at risk after day 91 were analysed",
        "A univariable model of os in all patients had the covariate arm.",
        "For all patients, limits and P values are from robust standard errors over patients",
        "Breslow N.",
    ):
        assert said in text
    for not_done in ("Efron", "log-log", "likelihood-ratio test", "Harrell's C", "E-value", "clustered"):
        assert not_done not in text


def test_several_ways_in_one_study(patients):
    """Each entry says how its own ties were handled; curves on two scales, and a test that is weighted beside one that
    is not, are told apart; nothing is said of several coefficients together where errors are robust."""
    text = text_of(
        rehearsed(
            patients,
            {
                "survival": KM,
                "weighted": {"kind": "km", "endpoints": ["os"], "limits": "log", "rho": 1},
                "cox": {**COX, "robust": "patient", "splines": {"age": [50, 60, 80]}},
                "early": {**COX, "ties": "breslow", "robust": "patient"},
                "groups": {"kind": "subgroup", "endpoints": ["os"], "by": ["stage"], "ties": "breslow"},
            },
        )
    )
    for said in (
        "less than 28 days after the exact day, and within a step events count before censorings",
        "Pointwise confidence limits are on different scales (log-log or log), as said with each curve.",
        "log-rank tests were also weighted by survival to the power of 1",
    ):
        assert said in text
    assert text.count("Tied event times were handled by Efron's method") == 1
    assert text.count("Tied event times were handled by Breslow's method") == 2  # of the models, and of subgroups
    for not_done in ("also tested as a whole", "effect is linear"):
        assert not_done not in text


def test_competing_events(patients):
    text = text_of(
        rehearsed(
            patients,
            {"causes": {"kind": "cumulative-incidence", "endpoints": ["os"], "fine_gray": ["arm", "age"]}, "cox": COX},
            endpoints={"os": {"days": "days", "event": "dead", "competing": ["lost"]}},
            variables={**patients.variables, "lost": {"type": "boolean", "label": "Loss"}},
        )
    )
    for said in (
        "For os, loss was a competing event, which ended follow-up.",
        "In all other analyses of os, competing events (loss) were censored, so that hazard ratios are cause-specific.",
        "Aalen-Johansen",
        "Gray's test",
        "Fine-Gray model [",
        "with the covariates arm and age",
    ):
        assert said in text


@pytest.fixture(scope="module")
def adjusted(patients):
    """A matched and a weighted population; the score's own set has no endpoint."""
    asked = {"kind": "cox", "endpoints": ["os"], "populations": ["match", "ato"], "univariable": ["arm"]}
    analyses = {"score": {"kind": "propensity"}, "cox": asked, "balance": {"kind": "balance"}}
    study = patients.study(SITES, analyses=analyses, propensity=SCORE)
    of = [one.name for one in plan(study).sets if one.endpoint is None]
    cohorts = {}
    for name, cohort in patients.deal(patients.rows(5, N), patients.sites(SITES, N)).items():
        rows = cohort.analysis_sets["os"]
        cohorts[name] = Cohort(name, {"os": rows} | dict.fromkeys(of, PatientSet(rows.variables, rows.patients)))
    return results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES, [], is_gated=False)


def test_adjusted_populations(adjusted):
    text = text_of(adjusted)
    for said in (
        "the probability of new rather than old, was estimated by logistic regression on age and stage",
        "by nearest-neighbour matching on the score without replacement",
        "The caliper was 0.2 standard deviations of the logit of the score",
        "overlap weights; average treatment effect in the overlap",
        "robust standard errors clustered by matched set",
        "take the weights, and the propensity score from which they follow, as known",
        "weighted log-rank test",
        "Li F, Morgan KL, Zaslavsky AM.",
        "Austin PC. Optimal caliper widths",
    ):
        assert said in text
    matched = re.search(r"(\d+) patients with new were matched with (\d+) patients with old", text)
    balance = next(e for e in adjusted.entries if e.id == "balance/match")
    assert matched
    assert int(matched[1]) + int(matched[2]) == balance.analysed
    for not_done in ("inverse of the estimated probability", "truncated", "left out", "demanded", "Kaplan-Meier"):
        assert not_done not in text


def test_what_has_no_numbers_is_told_by_reason_and_not_described(plain):
    km, cox = plain.entries
    refused = replace(km, result=RefusedByRule("R9", say("rules.declare")), gate="refused")
    ended = replace(cox, result=NotEstimable("separated", "it is"))
    text = text_of(replace(plain, entries=(refused, ended)))
    assert "Of 2 results that the study asks for, 0 are given." in text
    assert "One was refused by rule R9 (counts by time): km/os/all." in text
    assert "One was not estimable, because a covariate separated the patients with an event" in text
    for not_done in ("Kaplan-Meier", "Cox proportional", "Efron", "For os", "## References", "confidence limits"):
        assert not_done not in text


def test_a_rule_that_refuses_is_named_with_the_limits_in_force(patients):
    results = rehearsed(
        patients,
        {"survival": KM, "cox": COX},
        is_gated=True,
        n=60,
        exceptions=(ExceptionSigned("R3.events", "10", "enough for a test"),),
        limits={"mirae": {"R3.events_per_parameter": "20"}},
    )
    text = text_of(results)
    assert {entry.status for entry in results.entries} == {"ok", "refused"}
    assert "by each hospital to its own patients and by all parties to totals, with a smallest cell of 5" in text
    assert "events in a model, at least 10 (R3)" in text
    assert "By exceptions, limits were loosened to R3.events = 10." in text
    assert "The rehearsal took these exceptions as signed by every hospital." in text
    assert text.count("R3.events = 10") == 1
    assert "Hospitals set stricter limits than the default: R3.events\\_per\\_parameter = 20." in text
    assert "One was refused by rule R3 (number of events): cox/os/all/multivariable." in text
    assert "Kaplan-Meier" in text
    assert "Cox proportional" not in text
    of_run = text_of(results, RECORDED)
    signed = "These exceptions were signed by asan (rehearsal), kurume (rehearsal) and mirae (rehearsal)."
    assert f"By exceptions, limits were loosened to R3.events = 10. {signed}" in of_run
    first, *others = results.conduct.exceptions
    unlike = (replace(first, value="5"), *others)
    of_unlike = text_of(replace(results, conduct=replace(results.conduct, exceptions=unlike)), RECORDED)
    assert "signed by kurume (rehearsal) and mirae (rehearsal). asan signed (rehearsal): R3.events = 5." in of_unlike
    assert "(secure sum), so that the coordinator and the other hospitals saw totals only." in of_run
    assert "from 2026-11-22 09:00 UTC to 2026-11-22 14:05 UTC" in of_run
    assert "rehearsal on one machine" not in of_run


def test_a_number_that_is_held_back_is_not_told(plain):
    report = report_of(plain)
    (analysed,) = report.cells.of("km/os/all", "analysed")
    held = replace(report, cells=report.cells.with_values({analysed.id: Mark("suppressed", "it may not be told")}))
    text = methods_md(printed_methods(methods_of(held, None), printer_of(held)))
    assert "For os, suppressed patients were analysed." in text
    assert "One number is held back (suppressed): it may not be told." in text
    assert "240" not in text


def test_markdown_shows_what_was_written(plain):
    report = report_of(plain)
    methods = printed_methods(methods_of(report, None), printer_of(report))
    odd = replace(methods.parts[0], paragraphs=("# a <b> *c* d_e [f](g) [1,2] `h`",))
    shown = methods_md(replace(methods, parts=(odd,)))
    assert "\n\\# a \\<b> \\*c\\* d\\_e \\[f](g) [1,2] \\`h\\`\n" in shown


def of_checklist(results):
    report = report_of(results)
    printed = printed_report(report, printer_of(report), None)
    found = checklist(printed, results.study)
    rows = {row.label: row.cells for row in found.table.rows if row.cells}
    return printed, found, {number: where for number, (_, _, where) in rows.items()}


def test_the_checklist_has_all_items_and_points_to_what_is_there(plain, adjusted):
    numbers = {int(found[0]) for number in of_checklist(plain)[2] if (found := re.match(r"\d+", number))}
    assert numbers == set(range(1, 23))
    printed, found, where = of_checklist(adjusted)
    assert where["3"] == "To be written by the authors"
    assert where["12 (b)"] == "To be written by the authors"
    assert where["6 (b)"].startswith("Methods: Propensity score; Table")
    assert where["16 (b)"] == "Not applicable: the study cuts no number into categories"
    assert of_checklist(plain)[2]["6 (b)"] == "Not applicable: no patients were matched"
    tables = {int(n) for text in where.values() for n in re.findall(r"Tables? (\d+)", text)}
    assert tables <= {table.number for table in printed.tables}
    document = Document(io.BytesIO(strobe_docx(printed, found)))
    assert [cell.text for cell in document.tables[0].rows[0].cells] == ["", *found.table.columns]
    assert "CC BY" in "\n".join(paragraph.text for paragraph in document.paragraphs)
    items = [item for section in SECTIONS for topic in section.topics for item in topic.items]
    assert len(document.tables[0].rows) == 1 + len(SECTIONS) + len(items)


def test_numbers_of_tables_in_short():
    assert ranges([5, 3, 4, 9, 11, 12]) == ("3–5", "9", "11–12")


CATALOGUE = Path(str(files("riskset.catalogue")))


@pytest.mark.parametrize("file", ["methods.toml", "strobe.toml"])
def test_other_languages_have_the_same_sentences(file):
    english, *others = (
        dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), ""))
        for path in sorted(CATALOGUE.glob(f"*/{file}"), key=lambda path: path.parent.name != ENGLISH)
    )
    for other in others:
        assert list(other) == list(english)
        for code in english:
            assert fields_of(other[code]) == fields_of(english[code]), code
