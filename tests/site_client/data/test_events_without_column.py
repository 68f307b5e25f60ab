"""An event of an endpoint that no column of the export tells is said once; the study is not otherwise as it was."""

from riskset.study.load import load_study

HEADER = "arm,age,mvi,start,death,last"


def joins(hospital):
    """A study with progression-free survival, whose progressions a hospital need not have."""
    hospital.joins()
    study = (hospital.folder / "study.toml").read_text(encoding="utf-8")
    study = study.replace("last = {", 'progression = { type = "date", required = false }\nlast = {', 1)
    pfs = '[endpoints.pfs]\norigin = "start"\nevent = ["progression", "death"]\ncensor = "last"\n'
    hospital.joins_as_written(study.replace("[comparison]", f"{pfs}[comparison]", 1))
    assert "pfs" in load_study(hospital.folder / "study.toml").endpoints


def exports(hospital, header, of_progression="", n=12):
    lasts = [f"2021-01-{i + 1:02}" for i in range(n)]
    rows = (
        f"sorafenib,{60 + i},yes,2020-01-{i + 1:02},{last if i % 3 else ''},{last}{of_progression}"
        for i, last in enumerate(lasts)
    )
    hospital.exports("\n".join([header, *rows]))


def warned(hospital):
    return [(str(one.where), one.message.code, str(one.hint)) for one in hospital.check().warnings]


def test_an_event_without_a_column_is_told_with_its_endpoints(hospital):
    joins(hospital)
    exports(hospital, f"{HEADER},PD_DT", ",2020-06-01")
    ((where, code, hint),) = warned(hospital)
    assert (where, code) == ("variable progression", "data.warning.no_event_column")
    assert "pfs would be counted without them" in hint
    assert "os" not in hint.split()


def test_a_column_of_the_event_is_none_to_warn_of_also_where_nobody_has_it(hospital):
    joins(hospital)
    exports(hospital, f"{HEADER},progression", ",")
    assert warned(hospital) == []
    hospital.writes('[map]\nprogression = "PD_DT"')
    exports(hospital, f"{HEADER},PD_DT", ",")
    assert warned(hospital) == []


def test_a_header_that_is_another_is_told_as_that(hospital):
    joins(hospital)
    exports(hospital, HEADER.replace(",", ";"))
    assert not [code for _, code, _ in warned(hospital) if code.endswith("no_event_column")]
