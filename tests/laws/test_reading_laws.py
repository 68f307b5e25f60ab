"""Laws of reading: what is written in a form is read back, and rows of a patient combine as pandas groups them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st

from riskset_site.data.column_reading import known
from riskset_site.data.dates import date_reader
from riskset_site.data.number_forms import NumberForm, number_reader
from riskset_site.data.patients import Patients
from riskset_site.data.width import in_one_width

DECIMALS, THOUSANDS = st.sampled_from(".,"), st.sampled_from(["", ",", ".", " ", "'"])
NUMBERS = st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False)
FULL_WIDTH = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")


def written(number, decimal, thousands):
    return f"{number:,.4f}".replace(",", "_").replace(".", decimal).replace("_", thousands)


@given(NUMBERS, DECIMALS, THOUSANDS, st.sampled_from(["", "mg/dL"]), st.booleans())
def test_a_number_in_its_form_is_read_back(number, decimal, thousands, unit, wide):
    assume(decimal != thousands)
    text = f"{written(number, decimal, thousands)} {unit}".strip()
    text = text.translate(FULL_WIDTH) if wide else text
    assert number_reader(NumberForm(decimal, thousands, unit))(text) == float(number)


@given(NUMBERS, st.sampled_from([("<", "below_limit"), (">", "above_limit")]))
def test_a_limit_is_the_number_behind_its_sign(number, limit):
    sign, key = limit
    assert number_reader(NumberForm(**{key: "value"}))(f"{sign}{number}") == float(number)


@given(st.dates(date(1906, 1, 1), date(2150, 12, 31)), st.floats(0, 0.999))
def test_a_day_number_of_excel_is_its_day(day, time):
    serial = (day - date(1899, 12, 30)).days
    assert date_reader(["excel"])(f"{serial + time:.6f}") in (day, day + timedelta(days=1 if time > 0.9999 else 0))
    assert date_reader(["excel:1904"])(str((day - date(1904, 1, 1)).days + 5000)) == day + timedelta(days=5000)


@given(st.dates(date(1930, 1, 1), date(2029, 12, 31)))
def test_a_year_of_two_digits_is_in_its_hundred_years(day):
    assert date_reader(["%y/%m/%d"], 1930)(day.strftime("%y/%m/%d")) == day


@given(st.text())
def test_a_text_in_one_width_stays_as_it_is(text):
    assert in_one_width(in_one_width(text)) == in_one_width(text)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(-9, 9)), st.integers(0, 99)), min_size=1),
    st.sampled_from(["first", "last", "max", "min"]),
)
def test_rows_of_a_patient_combine_as_pandas_groups_them(rows, take):
    frame = pd.DataFrame(rows, columns=["patient", "value", "place"]).astype(float)
    frame = frame.drop_duplicates(["patient", "place"]).reset_index(drop=True)  # no tie
    _, first, of_row = np.unique(frame["patient"], return_index=True, return_inverse=True)
    patients = Patients(of_row, first, frame["place"].to_numpy(), ())
    values = frame["value"].to_numpy()
    chosen = patients.chosen(values, known(values), take)
    found = np.where(chosen >= 0, values[np.maximum(chosen, 0)], np.nan)
    expected = frame.sort_values("place").groupby("patient")["value"].agg(take).to_numpy()
    np.testing.assert_array_equal(found, expected)
