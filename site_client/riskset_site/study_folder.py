"""What a site has for one study: study, roster, site file, data and keys, checked to belong together.

Every command that reviews, signs or serves begins here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from riskset.analyses.cohort import Cohort
from riskset.catalogue import say
from riskset.disclosure.rules import RuleColumn
from riskset.errors import DataError
from riskset.joining.invite import Connection, load_connection
from riskset.protocol.program import here
from riskset.protocol.remembered import Holding
from riskset.protocol.roster import Roster, load_roster
from riskset.protocol.rule_column import column_for
from riskset.secure.keys import public_hex
from riskset.study.load import load_study, study_hash
from riskset.study.spec import Study
from riskset_site.data.config import load_site_file
from riskset_site.data.holding import load_holding
from riskset_site.data.site_file import SiteFile
from riskset_site.keys import Identity, SitePaths, load_keys


@dataclass(frozen=True)
class StudyFolder:
    """Everything that a signature covers, and the keys that sign."""

    path: Path
    """Of the site file."""
    paths: SitePaths
    identity: Identity
    connection: Connection
    study: Study
    roster: Roster
    site_file: SiteFile
    holding: Holding
    """The data, and the keyed marks by which a change in them is recognised; never leaves the site."""

    @property
    def site(self) -> str:
        return self.site_file.site

    @property
    def study_hash(self) -> str:
        return study_hash(self.study)

    @property
    def cohort(self) -> Cohort:
        return self.holding.cohort

    @property
    def snapshot(self) -> str:
        """Keyed hash of the data; never leaves the site."""
        return self.holding.rows.digest

    @property
    def methods(self) -> Mapping[str, str]:
        """The installed methods of the kinds of analysis in the study."""
        return here().of(self.study.analysis_kinds)

    @property
    def others(self) -> tuple[str, ...]:
        """The other sites of the roster, in its order."""
        return tuple(name for name in self.roster.sites if name != self.site)

    @property
    def column(self) -> RuleColumn:
        """Which limits apply: with two sites, or without the secure sum, others can see this site's own sums."""
        return column_for(self.study.disclosure, len(self.roster.sites))


def load_study_folder(
    site_file: Path,
    study_file: Path | None = None,
    roster_file: Path | None = None,
    connection_file: Path | None = None,
) -> StudyFolder:
    """Returns what is in the folder of the site file; a file given by name replaces the folder's.

    Raises DataError where a file is missing or invalid or does not match the others, or where the data do not fit the
    study; VerificationError where the roster is not signed by the coordinator that this site joined.
    """
    paths = SitePaths(site_file.parent)
    connection = load_connection(connection_file or paths.connection)
    identity = load_keys(paths, roster_file or paths.roster)
    study = load_study(study_file or paths.study)
    roster = load_roster(roster_file or paths.roster)
    site = load_site_file(site_file, study)
    holding = load_holding(site_file, study, identity.seed)
    roster.check_belongs_to(study)
    roster.check_signed_by(connection.coordinator)
    if connection.study != study.id:  # the runs of another study are not named to this one, so R14 would miss them
        other = say("site.folder.other_study", joined=connection.study, study=study.id)
        raise DataError(other, say("site.folder.apart"))
    entered = roster.sites.get(site.site)
    if entered is None or public_hex(entered) != public_hex(identity.signing):
        message = say("site.folder.not_in_roster", site=site.site)
        raise DataError(message, say("site.folder.not_in_roster_hint"))
    return StudyFolder(site_file, paths, identity, connection, study, roster, site, holding)
