"""The whole page."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import say
from riskset_site.data.check import SiteCheck
from riskset_site.explore.pictures import Pictures
from riskset_site.explore.rows import Looked
from riskset_site.explore.sections import dates, endpoints, missing, models, rows, values
from riskset_site.pages import Page, PageSection


def exploration_page(looked: Looked, check: SiteCheck, language: str) -> Page:
    """Returns the page, whose pictures are in a language that has a catalogue. It holds patients' values and rows."""
    return Page(
        title=say("explore.title", site=check.site, study=check.study, version=check.version),
        facts={say("explore.fact.study"): looked.study.title_in(language), say("explore.fact.export"): check.export},
        sections=list(_sections(looked, check, Pictures(language))),
        warnings=[
            say("explore.warning"),
            *([] if check.fits else [say("explore.does_not_fit", n=len(check.problems))]),
        ],
        banner=say("explore.banner"),
        footer=say("explore.footer"),
    )


def _sections(looked: Looked, check: SiteCheck, pictures: Pictures) -> Iterator[PageSection]:
    yield rows.section(looked, check)
    if looked.eligible.any():
        yield missing.section(looked, pictures)
        yield values.of_numbers(looked, pictures)
        yield values.of_levels(looked)
        yield dates.section(looked, pictures)
        yield from endpoints.sections(looked, pictures)
        yield models.section(looked, pictures)
