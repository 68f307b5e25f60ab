"""A release has the files of its outputs and a few pages: no text in them sends a reader to a file of the run."""

import pytest
from tests.release.conftest import RECORDED

from riskset_release.attacker.folder import texts
from riskset_release.gated_outputs import outputs_of

OF_A_RUN = ("results.json", "numbers.csv", "terms.csv", "curves.csv", "report.docx")


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_no_output_names_a_file_that_is_not_released(gate, language):
    for output in outputs_of(gate, RECORDED, language):
        for path, text in [("its page", output.html), *texts(output.files)]:
            assert [name for name in OF_A_RUN if name in text] == [], (output.id, path)
