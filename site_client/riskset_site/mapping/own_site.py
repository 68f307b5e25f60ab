"""Which of a study's sites this hospital is."""

from __future__ import annotations

from pathlib import Path

from riskset.catalogue import say
from riskset.errors import DataError, RisksetError, did_you_mean
from riskset.joining.invite import load_connection, read_invite
from riskset.study.spec import Study
from riskset_site.keys import SitePaths


def own_site(named: str | None, study: Study, folder: Path) -> str:
    """Returns the site that is named; else the one that joined from this folder, or whose invite is in it. Raises
    DataError where nothing says it, or the study has no such site."""
    site = named or found_site(study, folder)
    if not site:
        raise DataError(say("site.map.which_site"), say("site.map.which_site_hint", sites=tuple(study.sites)))
    if site not in study.sites:
        hint = did_you_mean(site, study.sites) or say("data.agreement.sites", sites=tuple(study.sites))
        raise DataError(say("data.agreement.unknown_site", site=site), hint)
    return site


def found_site(study: Study, folder: Path) -> str:
    """Returns the site that joined from a folder, or whose invite is in it; empty where nothing says it."""
    return _joined(folder) or _invited(study, folder)


def _joined(folder: Path) -> str:
    path = SitePaths(folder).connection
    return load_connection(path).site if path.exists() else ""


def _invited(study: Study, folder: Path) -> str:
    """Returns the site of the one invite to this study in the folder."""
    found = set()
    for path in sorted(folder.glob("*.invite.json")):
        try:
            invite = read_invite(path.read_bytes(), path.name)
        except (OSError, RisksetError):
            continue  # whether an invite is right, joining says
        if invite.study == study.id:
            found.add(invite.site)
    return found.pop() if len(found) == 1 else ""
