"""What a notebook uses through `import riskset`: results as typed frames and drawings, and a design tried on frames of
patients. docs/api.md describes every public name. Nothing imports this package."""

from riskset_notebook.design import StudyDesign, read_study
from riskset_notebook.loading import load
from riskset_notebook.rehearsing import rehearse
from riskset_notebook.run import Run

__all__ = ["Run", "StudyDesign", "load", "read_study", "rehearse"]
