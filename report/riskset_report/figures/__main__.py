"""`python -m riskset_report.figures`: draws the figures that it reads from another process, which started it."""

import pickle
import sys

from riskset_report.figures.drawings import drawn_here

sys.stdout.buffer.write(pickle.dumps(drawn_here(pickle.load(sys.stdin.buffer))))
