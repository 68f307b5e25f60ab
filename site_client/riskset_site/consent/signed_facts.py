"""What a signature covers besides the terms, as a page shows it: the data in a few numbers, and one hash of it all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from riskset import __version__
from riskset.catalogue import Message, say
from riskset.secure.envelope import sha256
from riskset.study.asked import installed
from riskset_site.study_folder import StudyFolder

_DIGITS = 16
"""Of the hash: enough for people to compare two, side by side in a table."""


@dataclass(frozen=True)
class DataFacts:
    """The data of a site in a few numbers, for the site's own eyes."""

    export: str
    """Name of the file."""
    eligible: int
    endpoints: Mapping[str, tuple[int, int]]
    """By endpoint how many patients are analysed, and how many events they have."""
    hash: str
    """Changes with every value that is analysed. Of the keyed hash, so that nobody finds a value by trying."""

    def as_rows(self) -> dict[Message, str]:
        """Returns each fact under its name."""
        found = {
            say("site.desk.data.export"): self.export,
            say("site.desk.data.eligible"): str(self.eligible),
        }
        for name, (patients, events) in self.endpoints.items():
            found[say("site.desk.data.analysed", endpoint=name)] = str(patients)
            found[say("site.desk.data.events", endpoint=name)] = str(events)
        return found | {say("site.desk.data.hash"): self.hash}


def data_facts(folder: StudyFolder) -> DataFacts:
    """Returns the facts of the data that the folder was loaded with: those that an approval of it signs for."""
    cohort = folder.cohort
    sets = {name: cohort.outcomes(name) for name in folder.study.endpoints}
    return DataFacts(
        folder.site_file.source.path.name,
        len(cohort.eligible),
        {name: (rows.n, int(rows.event.sum())) for name, rows in sets.items()},
        sha256(folder.snapshot.encode())[:_DIGITS],
    )


def covered_hash(folder: StudyFolder) -> str:
    """Returns a hash of everything that enters an approval and that no person types: of a page that shows it and of
    what is signed, it is the same only where the page showed what is signed."""
    facts = data_facts(folder)
    covered = {
        "site": folder.site,
        "study": folder.study_hash,
        "roster": folder.roster.sha256,
        "limits": {name: str(value) for name, value in folder.site_file.limits.items()},
        "snapshot": folder.snapshot,
        "data": [facts.export, facts.eligible, {name: list(of) for name, of in facts.endpoints.items()}],
        "code": __version__,
        "methods": dict(installed()),
    }
    return sha256(json.dumps(covered, sort_keys=True, ensure_ascii=False).encode())
