"""In which encoding an export is: the usual ones, the rarer that show its words, and one that a person names."""

import pytest
from tests.site_client.mapping.exports import arm, day, died
from tests.site_client.mapping.test_japanese_and_korean_exports import VARIABLES

from riskset.errors import DataError
from riskset_site.data.sources.encodings import CANDIDATES

JAPANESE = "患者番号,治療薬,年齢,性別,背景肝疾患,脈管侵襲,治療開始日,死亡日,最終来院日,Child-Pugh,AFP"
KOREAN = "등록번호,치료약,나이,성별,원인질환,혈관침범,치료시작일,사망일,최종방문일,Child-Pugh,AFP"


def row(i, sexes="男女", causes=("B型", "C型", "その他"), mvi=("あり", "なし")):
    end = day(i, 2022)
    cells = [f"A{i}", arm(i), str(40 + i), sexes[i % 2], causes[i % 3], mvi[i % 2], day(i), end if died(i) else "", end]
    return ",".join([*cells, "AB"[i % 2], str(i)])


def korean(i):
    return row(i, "남여", ("B형간염", "C형간염", "기타"), ("유", "무"))


@pytest.fixture
def has(desk):
    def made(header, of_patient, encoding):
        desk.joins(VARIABLES)
        desk.has(header, of_patient, encoding=encoding)

    return made


@pytest.mark.parametrize("encoding", ["euc_jp", "iso2022_jp", "cp932"])
def test_a_japanese_export_in_any_of_its_encodings(has, desk, encoding):
    has(JAPANESE, row, encoding)
    assert desk.proposes(key="患者番号").table.encoding == encoding
    assert not desk.proposes(key="患者番号").is_encoding_doubtful
    assert desk.fits(key="患者番号")
    assert desk.fits(key="患者番号", encoding=encoding)


@pytest.mark.parametrize("encoding", ["johab", "cp949"])
def test_a_korean_export_in_any_of_its_encodings(has, desk, encoding):
    has(KOREAN, korean, encoding)
    assert desk.proposes(key="등록번호").table.encoding == encoding
    assert desk.fits(key="등록번호")


def test_half_width_kana_in_seven_bits(has, desk):
    has(JAPANESE, lambda i: row(i).replace("sorafenib", "ｿﾗﾌｪﾆﾌﾞ"), "iso2022_jp_ext")
    assert desk.fits(key="患者番号")
    with pytest.raises(DataError) as refused:
        desk.proposes(key="患者番号", encoding="iso2022_jp")
    assert dict(refused.value.hint.values)["encodings"] == ("iso2022_jp_ext",)


@pytest.mark.parametrize("answers", [{}, {"encoding": "euc_jp"}])
def test_a_vendor_s_sign_is_told_with_its_row(has, desk, answers):
    has(JAPANESE, row, "euc_jp")
    lines = desk.export.read_bytes().split(b"\n")
    desk.export.write_bytes(b"\n".join([*lines[:3], lines[3] + b"\xad\xa1", *lines[4:]]))
    with pytest.raises(DataError) as refused:
        desk.proposes(key="患者番号", **answers)
    assert refused.value.message.code == "site.map.nearly"
    assert dict(refused.value.message.values) == {"file": "export.csv", "encoding": "euc_jp", "row": 4}


def test_a_damaged_export_is_told_with_its_row(has, desk):
    has(JAPANESE, row, "utf-8")
    desk.export.write_bytes(desk.export.read_bytes()[:-1] + b"\xe6\n")
    with pytest.raises(DataError) as refused:
        desk.proposes(key="患者番号")
    assert dict(refused.value.message.values)["encoding"] == "utf-8-sig"


def test_an_export_in_plain_letters_has_the_usual_encodings_alone(desk):
    desk.exports("id,arm,age,start,death,last_contact\n" + "".join(f"{i},{arm(i)},50,,,\n" for i in range(9)))
    assert [one.encoding for one in desk.proposes().table.encodings] == list(CANDIDATES)


def test_an_export_in_an_unknown_encoding_that_a_person_names(has, desk):
    has("id,Région,arm,age,start,death,last_contact", lambda i: f"{i},é,{arm(i)},50,{day(i)},,{day(i, 2022)}", "cp1252")
    with pytest.raises(DataError):
        desk.proposes()
    assert desk.proposes(encoding="cp1252").table.headers[1] == "Région"
