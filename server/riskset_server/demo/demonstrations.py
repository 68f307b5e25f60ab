"""All demonstrations by name; the first is the one that is run where none is named."""

from __future__ import annotations

from riskset_server.demo.data_sets import LUNG, RHDNASE, ROTTERDAM_GBSG
from riskset_server.demo.demonstration import Demonstration
from riskset_server.demo.made_up import HCC, HCC_TWO

DEMONSTRATIONS: dict[str, Demonstration] = {one.name: one for one in (HCC, HCC_TWO, ROTTERDAM_GBSG, LUNG, RHDNASE)}
