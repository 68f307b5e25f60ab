"""`python -m riskset`: the command, also where its folder is not on the PATH."""

import sys

from riskset.cli import main

sys.exit(main())
