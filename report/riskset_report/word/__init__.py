"""The report and its tables for Word, written with python-docx: the same bytes for the same report."""

from riskset_report.word.report import report_docx, table_documents, table_docx

__all__ = ["report_docx", "table_documents", "table_docx"]
