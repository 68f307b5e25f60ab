"""Two variables that are read from one column in one way, and so are equal in every row: mostly a line of the site file
that was copied and not changed. Warnings, since they may be one thing in some hospital, as last scan and last contact.
"""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.study.spec import Study
from riskset_site.data.site_file import SiteFile

_HINT = say("data.hint.own_column")


def shared_columns(site: SiteFile, study: Study) -> Iterator[Problem]:
    """Yields a warning for each column that several variables share, and for a variable that is the patient number."""
    readings: dict[str, list[str]] = {}
    for name, variable in study.read_variables.items():
        mapped = site.mapped(name)
        if site.source.patient in mapped.columns:
            where = say("data.where.column", column=site.source.patient)
            yield Problem(where, say("data.warning.key_is_variable", name=name), _HINT)
        readings.setdefault(f"{variable.type} {study.levels_of(name)} {mapped!r}", []).append(name)
    for names in readings.values():
        if len(names) > 1:
            where = say("data.where.column", column=site.mapped(names[0]).columns[0])
            yield Problem(where, say("data.warning.one_column", names=tuple(names)), _HINT)
