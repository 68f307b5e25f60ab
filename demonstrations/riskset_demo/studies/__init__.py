"""All demonstrations by name; the first is the default."""

from __future__ import annotations

from riskset_demo.demonstration import Demonstration
from riskset_demo.studies.made_up import HCC, HCC_TWO
from riskset_demo.studies.real import LUNG, RHDNASE, ROTTERDAM_GBSG

DEMONSTRATIONS: dict[str, Demonstration] = {one.name: one for one in (HCC, HCC_TWO, ROTTERDAM_GBSG, LUNG, RHDNASE)}
