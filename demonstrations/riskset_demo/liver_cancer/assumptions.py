"""Assumptions about the made-up patients with liver cancer. None of them is a finding, and none may be presented as
one.

They follow the pattern of retrospective studies of lenvatinib and sorafenib after atezolizumab-bevacizumab in Korea and
Japan: how patients of the two countries differ, which drug is reimbursed where, how long the disease is controlled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Country:
    """A country's patients. Pairs are mean and standard deviation; single numbers between 0 and 1 are proportions."""

    age: tuple[float, float]
    male: float
    hbv: float
    hcv: float
    impaired: float
    """ECOG performance status of 1 or 2."""
    albumin: tuple[float, float]
    """g/dL."""
    log_bilirubin: tuple[float, float]
    """Natural logarithm of mg/dL."""
    mvi: float
    """Macrovascular invasion."""
    ehs: float
    """Extrahepatic spread."""
    log_afp: tuple[float, float]
    """Natural logarithm of alpha-fetoprotein in ng/mL."""
    responded: float
    """To the first line."""
    first_line_months: float
    """Median of its duration without response."""
    lenvatinib: float
    lenvatinib_by_age: float
    """Log odds ratio of the drug for each year of age."""
    scan_months: float
    """From one scan to the next."""
    effect: tuple[float, float, float]
    """Log hazard ratios of PROCESSES."""


KOREA = Country(
    age=(61, 10.5),
    male=0.87,
    hbv=0.72,
    hcv=0.07,
    impaired=0.62,
    albumin=(3.70, 0.50),
    log_bilirubin=(-0.15, 0.50),
    mvi=0.38,
    ehs=0.68,
    log_afp=(5.3, 3.0),
    responded=0.22,
    first_line_months=4.2,
    lenvatinib=0.24,
    lenvatinib_by_age=0.02,
    scan_months=1.55,
    effect=(0.0, 0.0, 0.0),
)
JAPAN = Country(
    age=(73, 8.5),
    male=0.80,
    hbv=0.17,
    hcv=0.38,
    impaired=0.25,
    albumin=(3.60, 0.42),
    log_bilirubin=(-0.22, 0.50),
    mvi=0.22,
    ehs=0.42,
    log_afp=(4.2, 2.8),
    responded=0.28,
    first_line_months=6.0,
    lenvatinib=0.87,
    lenvatinib_by_age=0.0,
    scan_months=1.75,
    effect=(0.32, 0.10, 0.592),
)

PROCESSES = ("progression", "death before it", "death after it")
SHAPE = (1.30, 1.00, 1.05)
"""Shapes of the Weibull times of PROCESSES; with the scales, they reproduce the medians of such studies."""
SCALE_MONTHS = (4.112, 45.0, 13.971)
LENVATINIB = (-0.55, -0.10, 0.0)
"""Log hazard ratios."""

RISKS = (
    "ECOG 1 or 2",
    "Child-Pugh B",
    "ALBI by 0.45",
    "macrovascular invasion",
    "extrahepatic spread",
    "AFP >= 400",
    "response to the first line",
    "log of five months of the first line",
)
USUAL = np.array([0.50, 0.15, 0.0, 0.32, 0.60, 0.45, 0.24, 0.0])
"""Reference values of RISKS, at which the log hazard is 0."""
EFFECTS = np.array(
    [
        [0.15, 0.25, 0.10, 0.25, 0.20, 0.35, -0.25, -0.10],
        [0.50, 0.70, 0.45, 0.35, 0.15, 0.35, -0.20, -0.10],
        [0.40, 0.60, 0.40, 0.40, 0.20, 0.40, -0.15, -0.10],
    ]
)
"""Log hazard ratios, PROCESSES by RISKS."""

CORRELATION = np.array(
    [
        [1.00, -0.45, -0.15, -0.10],
        [-0.45, 1.00, 0.20, 0.15],
        [-0.15, 0.20, 1.00, 0.20],
        [-0.10, 0.15, 0.20, 1.00],
    ]
)
"""Of liver reserve, bilirubin, AFP and tumour burden, each a standard normal."""

BEST_RESPONSES = ("CR", "PR", "SD", "PD", "NE")
"""Complete and partial response, stable and progressive disease, not evaluable: by RECIST 1.1 or by mRECIST."""
RESPONSE = {"lenvatinib": (0.005, 0.10, 0.58, 0.26, 0.055), "sorafenib": (0.0, 0.02, 0.42, 0.48, 0.08)}
"""Shares of BEST_RESPONSES by RECIST."""
BETTER_BY_MRECIST = {"lenvatinib": 0.15, "sorafenib": 0.05}
"""Shares of patients with stable disease by RECIST who respond by mRECIST, which counts only living tumour."""
RESPONSE_NOISE = 0.5
"""Standard deviation that is added to the logarithm of progression-free survival before patients are ranked: those in
whom the disease is controlled longest respond best."""

ADVERSE_EVENTS = {
    "hypertension": ((0.42, 0.23), (0.30, 0.14)),
    "diarrhoea": ((0.39, 0.04), (0.46, 0.04)),
    "appetite": ((0.34, 0.05), (0.27, 0.01)),
    "weight_loss": ((0.31, 0.08), (0.22, 0.03)),
    "fatigue": ((0.30, 0.04), (0.25, 0.04)),
    "hand_foot": ((0.27, 0.03), (0.52, 0.11)),
    "proteinuria": ((0.25, 0.06), (0.11, 0.02)),
    "nausea": ((0.20, 0.01), (0.14, 0.01)),
    "hypothyroidism": ((0.16, 0.0), (0.02, 0.0)),
    "rash": ((0.10, 0.0), (0.16, 0.0)),
}
"""Shares of patients on lenvatinib, then on sorafenib, with an event of any grade and of grade 3."""
PRONE_SD = 0.6
"""Of the log odds of every event between patients; some have many events, some none."""
PRONE_SHARES = 1.06
"""By how much the log odds are stretched, so that the shares over all patients stay as given."""
GRADE_2 = 0.4
"""Share of grade 2 among events of grades 1 and 2."""

ASSAY_LIMIT = 2.0
"""ng/mL; AFP below it counts as half of it."""
HABIT_SD = 0.5
"""Of the log odds of lenvatinib between hospitals."""
FRAILTY_SD = 0.12
"""Of the log hazard between hospitals."""
LOST = 0.06
"""Share of patients lost to follow-up, within eighteen months."""
MISSING = {"afp": 0.03, "ecog": 0.01, "albumin": 0.01}
"""Shares of patients without a value."""
