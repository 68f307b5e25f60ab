"""The statistical methods of a run as the text of a paper, written from what was done: a sentence is there only where
its condition is true of this run's results. Every renderer reads the same printed text."""

from riskset_report.methods.text import Methods, PrintedMethods, methods_of

__all__ = ["Methods", "PrintedMethods", "methods_of"]
