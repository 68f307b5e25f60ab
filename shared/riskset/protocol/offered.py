"""What a study may ask that this version cannot do. Asked for and missing is a no, never a silent less."""

from __future__ import annotations

from riskset.errors import Refused
from riskset.study.spec import Study


def check_offered(study: Study) -> None:
    """Raises Refused where the study requires a protection that runs of this version do not have."""
    if study.disclosure.secure_sum == "required":
        raise Refused(
            "secure-sum",
            "the study requires the secure sum, which this version does not offer",
            'with secure_sum = "off" under [disclosure] every site shows its own sums to coordinator and sites',
        )
