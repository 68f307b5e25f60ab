"""What type checkers and editors see: the same names, without waiting for their first use."""

from riskset_notebook import Run as Run
from riskset_notebook import StudyDesign as StudyDesign
from riskset_notebook import load as load
from riskset_notebook import read_study as read_study
from riskset_notebook import rehearse as rehearse

__version__: str
