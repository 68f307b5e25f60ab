"""What a spline's curve says of a hazard ratio beyond the floats: null, as of a term, and no error."""

import numpy as np

from riskset.analyses.methods.cox_splines import _curve, splines_of


def test_a_ratio_beyond_the_floats_is_null(patients):
    study = patients.study(("asan", "kurume"))
    (spline,) = splines_of(study, ["age"], {"age": (50.0, 60.0, 70.0)})
    points = _curve(spline, np.array([100.0, 0.0]), np.zeros((2, 2)))
    assert [point["coef"] for point in (points[0], points[20], points[-1])] == [-1000.0, 0.0, 1000.0]
    assert (points[0]["hr"], points[20]["hr"], points[-1]["hr"]) == (0.0, 1.0, None)
    assert points[-1]["lower"] is points[-1]["upper"] is None
