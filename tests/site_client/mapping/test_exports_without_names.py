"""An export without a row of names, as FileMaker's CSV: its first patient is not taken for the names."""

import pytest
from tests.site_client.mapping.exports import HEADER, N, plain

from riskset.errors import DataError

AS_NAMES = "data.export.patient_as_names"


@pytest.mark.parametrize("answers", [{}, {"header": 1}])
def test_a_patient_is_not_taken_for_the_names(desk, answers):
    desk.has(plain(N), plain)
    with pytest.raises(DataError) as refused:
        desk.proposes(**answers)
    assert refused.value.message.code == AS_NAMES


def test_names_that_nobody_knows_are_names(desk):
    desk.has("a1,a2,2019,x 2020-01-31,a5,45356", plain)
    assert desk.proposes(key="a1").table.rows == N


def test_names_that_are_known_are_names(desk):
    desk.has(HEADER, plain)
    assert desk.fits()


def test_the_check_refuses_a_date_that_names_a_column_of_dates(desk):
    desk.has(HEADER, plain)
    desk.writes()
    desk.has(plain(N).replace("sorafenib", "arm"), plain)
    text = desk.site_file.read_text(encoding="utf-8").replace('"id"', '"25"').replace('"start"', '"2020-01-25"')
    desk.site_file.write_text(text, encoding="utf-8")
    (found,) = [one for one in desk.check().problems if one.message.code == AS_NAMES]
    assert "2020-01-25" not in found.message + found.hint + found.where  # what leaves the site


def test_a_merge_file_of_filemaker_has_names(desk):
    rows = [HEADER, *map(plain, range(N))]
    quoted = "\r".join(",".join(f'"{cell}"' for cell in row.split(",")) for row in rows)
    desk.exports(quoted, name="export.mer")
    assert desk.fits()
