"""The demonstrations have dossiers, and these say what a run does: no hospital sends more numbers than a dossier says,
and no rule judges them that it does not name."""

from dataclasses import replace

import pytest

from riskset.analyses.admission.before_a_run import first_admission, last_admission
from riskset.analyses.plan import plan
from riskset.catalogue import languages, say
from riskset.disclosure.policy import default_policy
from riskset.disclosure.rules_of import rules_of
from riskset.protocol.journal import ALONE, IN_CLEAR
from riskset.protocol.rule_column import column_for
from riskset.rehearsal import Rehearsal
from riskset.study.load import parse_study
from riskset_demo.studies import DEMONSTRATIONS
from riskset_report.dossier import dossier_of, dossier_page
from riskset_report.dossier.document import Table
from riskset_server.commands.study import facts_of

NAMES = [*(name for name in DEMONSTRATIONS if name != "hcc"), pytest.param("hcc", marks=pytest.mark.exhaustive)]
MORE_THAN_IS_ASKED = ("QuartilesOfNumber", "SiteHeterogeneity", "WeightedKaplanMeier")
"""Of these the data decide how many: intervals that are halved, hospitals that are left out, blocks of weights."""


def study_of(name):
    return parse_study(DEMONSTRATIONS[name].study.decode())


def texts(part):
    if isinstance(part, Table):
        return [cell for group in part.groups for row in group.rows for cell in row]
    return [part]


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_a_demonstration_has_a_dossier_in_every_language(name):
    study = study_of(name)
    for language in languages():
        page = dossier_page(dossier_of(study, language), language)
        for named in (*study.sites, *study.variables, *study.analyses):
            assert named in page
        assert "</html>" in page


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_it_says_what_study_check_says(name):
    study = study_of(name)
    facts, dossier = facts_of(study), dossier_of(study, "en")
    cells = [text for section in dossier.sections for part in section.parts for text in texts(part)]
    assert say("dossier.numbers.run", at_least=facts["rounds"]["at_least"]) in cells
    rows = [
        tuple(map(str, row))
        for section in dossier.sections
        for part in section.parts
        if isinstance(part, Table)
        for group in part.groups
        for row in group.rows
    ]
    for entry, of in facts["needs"].items():
        assert (entry, *(str(of[what]) for what in ("parameters", "patients", "events"))) in rows
    assert len(facts["needs"]) > 0
    assert facts["sha256"] in dossier.facts.values()


class Watched:
    """The numbers of every round of one hospital, by what asks for them, and the rules that judged it."""

    def __init__(self, study, cohorts):
        self.policy = default_policy(column_for(study.disclosure, len(study.sites)), study.disclosure.min_cell)
        self.first, self.sizes, self.rules = next(iter(cohorts)), {}, {}
        Rehearsal(study, cohorts, is_gated=False, told_alone=set(cohorts), watch=self.take).run()

    def take(self, contributor, history, sent):
        if contributor.own.cohort.site != self.first:
            return
        judge = replace(history.judge, policy=self.policy)
        for id_, finding in contributor.judge_own(replace(history, judge=judge)):
            if finding.value:  # R7 judges a predictor of nobody, too
                self.rules.setdefault(id_, set()).add(finding.rule)
        for id_, labels, _ in sent.numbers:
            self.sizes.setdefault(id_, []).append(len(labels))


@pytest.mark.parametrize("name", NAMES)
def test_no_hospital_sends_more_numbers_than_the_dossier_says(prepared, name):
    study, cohorts = prepared(name).study, prepared(name).cohorts
    planned, watched = plan(study), Watched(prepared(name).study, cohorts)
    asked = {analysis.id: analysis for analysis in planned.reported if watched.sizes.get(analysis.id)}
    assert len(asked) > len(planned.reported) / 2
    for id_, analysis in asked.items():
        most, sent = analysis.most_numbers(len(study.sites)), max(watched.sizes[id_])
        assert sent <= most, id_
        assert sent == most or type(analysis).__name__ in MORE_THAN_IS_ASKED, id_
        assert watched.rules.get(id_, set()) <= set(rules_of(analysis.exposure)), id_
    told = sum(analysis.numbers_told for analysis in planned.reported)
    assert sum(watched.sizes.get(ALONE, [0])) == told


@pytest.mark.parametrize("name", NAMES)
def test_admission_asks_as_many_numbers_as_the_dossier_says(prepared, name):
    study, cohorts = prepared(name).study, prepared(name).cohorts
    planned, watched = plan(study), Watched(study, cohorts)
    without_rules = replace(watched.policy, column="pooled")  # a rehearsal without rules withholds no small count
    admissions = [of for of in (first_admission(planned, without_rules), last_admission(planned, without_rules)) if of]
    for at, steps in enumerate(admissions):
        for step in steps:
            assert watched.sizes[step.id][at] == step.numbers, step.id
    stated = [step.stated for steps in admissions for step in steps if step.stated]
    assert watched.sizes[IN_CLEAR] == stated


@pytest.mark.parametrize("name", NAMES)
def test_with_the_rules_no_round_asks_more(prepared, name):
    """Also where rules refuse arms or levels, and what is left has an admission of its own."""
    study, cohorts, demonstration = prepared(name).study, prepared(name).cohorts, prepared(name).demonstration
    rehearsal = Rehearsal(study, cohorts, exceptions=demonstration.exceptions, told_alone=demonstration.told_alone)
    rehearsal.run()
    planned, policy = plan(study), default_policy(column_for(study.disclosure, len(study.sites)))
    asked = [*first_admission(planned, policy), *last_admission(planned, policy)]
    most = {analysis.id: analysis.most_numbers(len(study.sites)) for analysis in planned.reported}
    most |= {step.id: max(one.numbers for one in asked if one.id == step.id) for step in asked}
    rounds = rehearsal.journals[next(iter(cohorts))].sent_in(rehearsal.run_id)
    numbers = [(id_, len(labels)) for sent in rounds for id_, labels, _ in sent.numbers if id_ in most]
    assert [(id_, n) for id_, n in numbers if n > most[id_]] == []
    assert len({id_ for id_, _ in numbers}) > len(most) / 2
