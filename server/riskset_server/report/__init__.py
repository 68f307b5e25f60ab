"""The report: results.json as a page, figures and numbers a journal's reader knows. Reads no patient and no clock."""

from riskset_server.report.labels import Labels, labels_of
from riskset_server.report.page import write_report

__all__ = ["Labels", "labels_of", "write_report"]
