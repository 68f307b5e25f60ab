"""The report of a run: a page, figures and numbers a journal's reader knows. Reads no patient and no clock."""

from riskset_report.folder import write_report
from riskset_report.labels import Labels, labels_of
from riskset_report.provenance import Recorded
from riskset_report.report import Report, report_of

__all__ = ["Labels", "Recorded", "Report", "labels_of", "report_of", "write_report"]
