"""A dossier, section by section."""

from __future__ import annotations

from riskset import __version__
from riskset.catalogue import say
from riskset.study.load import study_hash
from riskset.study.spec import Study
from riskset_report.dossier.analyses import numbers_by_analysis
from riskset_report.dossier.document import Dossier
from riskset_report.dossier.handling import audit, incidents, law, publication, retention, withdrawal
from riskset_report.dossier.limits import read_by_others
from riskset_report.dossier.protection import protection, unprotected
from riskset_report.dossier.question import never, parties, purpose, variables
from riskset_report.dossier.rounds import numbers_by_round
from riskset_report.dossier.transfers import transfers

_BRIEF = 12
"""Digits of a hash by which people know a study."""


def dossier_of(study: Study, language: str) -> Dossier:
    """Returns the dossier of a study, with the study's title in the language. It holds nothing but what the study file
    and the program say. Raises DataError where no run of the study could begin."""
    found = study_hash(study)
    facts = {
        "study": study.id,
        "version": study.version,
        "sha256": found,
        "program": say("dossier.program.value", version=__version__),
        "hospitals": say("dossier.number", n=len(study.sites)),
        "sum": say(f"dossier.sum.{read_by_others(study)}"),
        "cell": say("dossier.number", n=study.disclosure.min_cell),
    }
    return Dossier(
        title=say("dossier.title"),
        subject=study.title_in(language),
        notice=say("dossier.notice"),
        foot=say("dossier.foot", study=study.id, version=study.version, hash=found[:_BRIEF]),
        facts={say(f"dossier.fact.{name}"): fact for name, fact in facts.items()},
        words=say("dossier.words"),
        sections=(
            purpose(study),
            parties(study),
            variables(study),
            never(study),
            numbers_by_round(study),
            numbers_by_analysis(study),
            transfers(study),
            protection(study),
            unprotected(study),
            retention(study),
            withdrawal(study),
            incidents(),
            audit(),
            publication(study),
            law(study),
        ),
    )
