"""The dossier of a study for an ethics committee: from the study file alone, before a run."""

from riskset_report.dossier.document import Dossier
from riskset_report.dossier.dossier import dossier_of
from riskset_report.dossier.page import dossier_page

__all__ = ["Dossier", "dossier_of", "dossier_page"]
