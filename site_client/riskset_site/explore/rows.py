"""Which rows a site looks at: those that the study would use, without the rows that have a problem."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import Cohort
from riskset.study.spec import DateEndpoint, DaysEndpoint, Study
from riskset.study.truth import Columns
from riskset_site.data.cohort import Preparation, cohort_of, prepared_from
from riskset_site.data.column_reading import known
from riskset_site.data.export import Export
from riskset_site.data.follow_up import CENTURY, FollowUp
from riskset_site.data.site_file import SiteFile
from riskset_site.data.sources.table import TextColumn


@dataclass(frozen=True)
class SetAside:
    """Rows of the export with a problem, (n,) each; a row may have several."""

    unreadable: NDArray[np.bool_]
    """A value that is not what the study expects."""
    impossible: NDArray[np.bool_]
    """Follow-up that cannot be."""
    repeated: NDArray[np.bool_]
    """A patient number that is empty, or that other rows have too."""

    @property
    def any(self) -> NDArray[np.bool_]:
        return self.unreadable | self.impossible | self.repeated


@dataclass(frozen=True)
class Looked:
    """What a site looks at."""

    site: SiteFile
    study: Study
    whole: Preparation
    """All rows of the export, also those that are set aside."""
    aside: SetAside
    used: Preparation
    """The other rows."""
    cohort: Cohort
    """Of the rows that are used: the sets that the study's analyses have."""

    @property
    def eligible(self) -> NDArray[np.bool_]:
        """True for the eligible ones of the rows that are used."""
        return self.used.eligible


def looked_at(whole: Preparation, site: SiteFile, study: Study) -> Looked:
    """Returns the rows that are used, and those that are set aside. What is wrong with whole columns or the file sets
    no row aside."""
    aside = set_aside(whole, study)
    used = prepared_from(_rows_of(whole.export, ~aside.any), study)
    return Looked(site, study, whole, aside, used, cohort_of(used, site.site, study))


def set_aside(whole: Preparation, study: Study) -> SetAside:
    """Returns the rows with a problem."""
    export = whole.export
    unreadable, impossible = np.zeros(export.n, bool), np.zeros(export.n, bool)
    for column in export.columns.values():
        unreadable |= ~(known(column.values) | column.missing | column.excluded)
    for name, endpoint in study.endpoints.items():
        impossible |= whole.eligible & _impossible(endpoint, whole.follow_ups[name], export.values)
    return SetAside(unreadable, impossible, _repeated(export))


def _impossible(endpoint: DateEndpoint | DaysEndpoint, found: FollowUp, columns: Columns) -> NDArray[np.bool_]:
    """True where follow-up has a problem (`data.follow_up`)."""
    if isinstance(endpoint, DateEndpoint):
        return found.known & ((found.days < 0) | (found.days > CENTURY))
    days = columns[endpoint.days]
    wrong: NDArray[np.bool_] = known(days) & (days != np.rint(days))
    if endpoint.entry is not None:
        entry = columns[endpoint.entry]
        wrong |= known(entry) & ((entry != np.rint(entry)) | (entry >= days))
    return wrong


def _repeated(export: Export) -> NDArray[np.bool_]:
    if export.keys is None:
        return np.zeros(export.n, bool)
    times = Counter(export.keys)
    return np.array([not key or times[key] > 1 for key in export.keys], bool)


def _rows_of(export: Export, chosen: NDArray[np.bool_]) -> Export:
    """Returns some rows of an export, which have no problem."""
    columns = {
        name: replace(
            column,
            values=column.values[chosen],
            missing=column.missing[chosen],
            excluded=column.excluded[chosen],
            problems=(),
        )
        for name, column in export.columns.items()
    }
    keys = None if export.keys is None else tuple(np.array(export.keys, object)[chosen].tolist())
    texts = {header: TextColumn(column.codes[chosen], column.texts) for header, column in export.texts.items()}
    return Export(export.row_numbers[chosen], columns, (), keys, texts)
