"""Whole exports as hospitals in Japan and Korea have them, from the file to a check that passes."""

import pytest
from tests.site_client.mapping.exports import DATES, DAYS, TODAY, N, arm, day, died

from riskset.catalogue import ENGLISH, languages
from riskset.joining.invite import Invite, write_invite
from riskset.secure.keys import new_identity, public_hex
from riskset_server.joining.certificates import make_authority
from riskset_site.mapping.own_site import own_site

VARIABLES = """\
sex = { type = "category", levels = ["F", "M"] }
aetiology = { type = "category", levels = ["HBV", "HCV", "other"] }
child_pugh = { type = "category", levels = ["A", "B"] }
mvi = { type = "boolean" }
afp = { type = "number", unit = "ng/mL", range = [0, 1e6], step = 1 }
"""


def japanese(i):
    start = f"R{2 + i % 4}.{i % 12 + 1}.{i % 28 + 1}"
    drug = ("ｿﾗﾌｪﾆﾌﾞ", "レンバチニブ", "ソラフェニブ")[i % 3]
    cells = [f"K{100 + i}", "男女"[i % 2], f"S{20 + i}/4/1", drug, start, ("B型", "C型", "その他")[i % 3]]
    cells += [("A(5)", "B(7)")[i % 2], ("あり", "なし")[i % 2], ("<2", '"1,234"', "不明", "56")[i % 4]]
    return ",".join([*cells, "死亡" if died(i) else "生存", f"2024年{i % 5 + 1}月{i % 28 + 1}日"])


JAPANESE = "患者ID,性別,生年月日,二次治療薬,投与開始日,成因,Child-Pugh分類,脈管侵襲,AFP（ng/mL）,転帰,最終生存確認日"


def test_a_japanese_export_with_a_title_eras_and_a_total(desk):
    desk.joins(VARIABLES)
    title = ["肝細胞癌 二次治療" + "," * 10, "," * 10]
    desk.exports("\n".join([*title, JAPANESE, *map(japanese, range(N)), f"合計,{N}例" + "," * 9]), encoding="cp932")
    assert desk.fits(key="患者ID", accept=["age"], choose={"afp.below_limit": "half"})
    assert desk.check().rows == N
    assert desk.read("death") == (N * 2 // 3, N // 3)
    assert desk.read("afp") == (N * 3 // 4, N // 4)
    (choice,) = desk.proposes(key="患者ID").open
    assert choice.id == "afp.below_limit"


def korean(i):
    start, end = f"{20 + i % 3}.{i % 12 + 1:02}.{i % 28 + 1:02}", f"23.{i % 9 + 1:02}.{i % 28 + 1:02}"
    cells = [str(20345000 + i), "남여"[i % 2], f"{40 + i}세", ("렌비마", "소라페닙")[i % 2], start]
    cells += [("B형간염", "C형간염", "기타")[i % 3], "AB"[i % 2], ("유", "무")[i % 2], f"{i} ng/mL"]
    return ",".join([*cells, end if died(i) else "", end])


KOREAN = "등록번호,성별,나이,이차치료약,투약시작일,원인질환,Child-Pugh 등급,혈관침범,AFP,사망일,최종추적관찰일"


def test_a_korean_export_with_units_and_years_of_two_digits(desk):
    desk.joins(VARIABLES)
    desk.has(KOREAN, korean, encoding="cp949")
    (choice,) = desk.proposes(key="등록번호").open
    assert (choice.id, choice.examples[0][:4]) == ("dates.order", "2020")
    assert desk.fits(key="등록번호", choose={"dates.order": "%y.%m.%d"})
    assert desk.proposes(key="등록번호").of("afp").entry == {"column": "AFP", "unit": "ng/mL"}


def test_months_and_a_flag_of_death(desk):
    desk.joins(endpoint=DAYS)
    header = "患者番号,群,年齢,生存期間（月）,死亡"
    desk.has(
        header,
        lambda i: f"A{i},{arm(i)},{40 + i}歳,{i + 1},{'あり' if died(i) else 'なし'}",
        encoding="cp932",
    )
    assert desk.fits(key="患者番号")


def test_a_status_of_three_texts(desk):
    header = "등록번호,치료군,나이,치료시작일,생존여부,최종추적일"
    texts = ("생존", "사망", "추적소실")
    desk.has(header, lambda i: f"{i},{arm(i)},{40 + i},{day(i)},{texts[i % 3]},{day(i, 2022)}", encoding="cp949")
    assert desk.fits(key="등록번호")
    assert desk.read("death") == (N // 3, N * 2 // 3)


def test_what_a_date_without_a_day_would_be(desk):
    header = "id,arm,age,start,death,last_contact"
    desk.has(header, lambda i: f"{i},{arm(i)},50,{day(i)},,{'2022-05' if i % 3 else day(i, 2022)}")
    (choice,) = desk.proposes().open
    assert choice.examples == ("2022-05-01", "2022-05-15", "")
    assert desk.fits(choose={"dates.partial": "partial:mid"})


@pytest.mark.parametrize("language", languages())
def test_comments_are_in_the_language_that_is_spoken(desk, language):
    desk.joins(VARIABLES)
    desk.exports("\n".join([JAPANESE, *map(japanese, range(N))]), encoding="cp932")
    text = desk.writes(language, key="患者ID", accept=["age"], choose={"afp.below_limit": "half"})
    assert (f'language = "{language}"' in text) == (language != ENGLISH)
    assert desk.check().fits
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments
    if language != ENGLISH:
        assert not all(line.isascii() for line in comments)


def test_the_site_of_the_invite_in_the_folder(desk):
    coordinator = new_identity()
    invite = Invite("trial", "ab" * 32, "asan", "x.org:1", make_authority("a").certificate.decode(),
                    public_hex(coordinator), "t" * 43, TODAY)  # fmt: skip
    desk.joins(endpoint=DATES)
    (desk.folder / "asan.invite.json").write_bytes(write_invite(invite, coordinator))
    (desk.folder / "torn.invite.json").write_bytes(b"{")
    assert own_site(None, desk.study, desk.folder) == "asan"
    assert own_site("kurume", desk.study, desk.folder) == "kurume"
