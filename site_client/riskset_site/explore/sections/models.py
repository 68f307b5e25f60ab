"""The study's Cox models, fitted to this site's rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset_report.notation import p_value, ratio
from riskset_site.explore.cox import FEW_EVENTS, LocalModel, is_local, local_models
from riskset_site.explore.pictures import Pictures
from riskset_site.explore.rows import Looked
from riskset_site.pages import PagePart, PageSection, PageTable
from riskset_site.pages.tables import table


def section(looked: Looked, pictures: Pictures) -> PageSection:
    """Returns the section."""
    return PageSection(say("explore.heading.models"), list(_parts(looked, pictures)))


def _parts(looked: Looked, pictures: Pictures) -> Iterator[PagePart]:
    models = list(local_models(looked.cohort, looked.study))
    asked = [one for one in plan(looked.study).reported if one.kind == "cox" and one.part_of is None]
    if not asked:
        yield say("explore.cox.none")
        return
    yield say("explore.cox.intro")
    if others := tuple(one.id for one in asked if not is_local(one)):
        yield say("explore.cox.not_local", models=others)
    for endpoint in looked.study.endpoints:
        of_one = [model for model in models if model.endpoint == endpoint]
        yield from _of_endpoint(looked.study.endpoint_label(endpoint), of_one, pictures)


def _of_endpoint(label: str, models: Sequence[LocalModel], pictures: Pictures) -> Iterator[PagePart]:
    fitted = [model for model in models if model.terms]
    if fitted:
        yield _table(label, fitted, pictures)
    if few := tuple(model.id for model in fitted if model.has_few_events):
        yield say("explore.cox.few_events", fewest=FEW_EVENTS, models=few)
    if said := tuple(note for model in models for note in _notes(model)):
        yield said


def _table(label: str, models: Sequence[LocalModel], pictures: Pictures) -> PageTable:
    rows = []
    for model in models:
        for i, term in enumerate(model.terms):
            head = (model.id, str(model.n), str(model.events)) if i == 0 else ("", "", "")
            hr = ratio(*term.hr, pictures.words)
            rows.append((head[0], term.name, *head[1:], hr, p_value(term.p, pictures.words)))
    figures = ("rows", "events", "hr", "p")
    return table(("model", "term", *figures), rows, figures, say("explore.cox.caption", endpoint=label))


def _notes(model: LocalModel) -> Iterator[Message]:
    """Yields what to bear in mind of a model: one sentence with all of it."""
    parts = (model.why_not, *model.notes)
    if said := tuple(part for part in parts if part):
        yield say("explore.cox.note", model=model.id, said=said)
