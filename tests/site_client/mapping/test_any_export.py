"""Whatever an export contains: it is refused, or what is written is a site file that the check can read."""

import csv
import io
import random

import pytest
from tests.site_client.mapping.exports import DATES, DAYS

from riskset.catalogue import languages
from riskset.errors import DataError
from riskset_site.data.config import load_site_file
from riskset_site.mapping.written import written

WORDS = "id arm age start death last_contact 転帰 生年月日 AFP AFP 年齢 dm___1 dm___2 status 治療薬 最終確認日 {z} ＩＤ"
NAMES = [*WORDS.split(), "days", "OS_MONTHS", "event", "", "x\ny", 'a "b" c', "日付 ", "sep=;", "= 1"]
CELLS = """1 2 sorafenib レンバチニブ 2020-01-01 1/2/2020 R2.3.4 9999-12-31 <2.0 1,234 1.234,5 NA 不明 死亡 生存 あり -
+ 44004 2020-05 12歳 {0} # C22.0 Ⅲ １２ 99.12.31 1e5 12:30 ½ 10² ①"""
TEXTS = [*CELLS.split(), "", "5 mg", "\u202e", "a\tb", '"', "3 g/h"]
VARIABLES = (
    "",
    'dm = { type = "category", levels = ["none", "hbv", "hcv"] }',
    'afp = { type = "number", unit = "ng/mL", range = [0, 1000] }\nmvi = { type = "boolean" }',
)


def an_export(chance):
    out = io.StringIO(newline="")
    rows = csv.writer(out, delimiter=chance.choice(",;\t"))
    names = chance.sample(NAMES, chance.randrange(1, 14))
    rows.writerow(names)
    pools = [chance.sample(TEXTS, chance.randrange(1, 6)) for _ in names]
    rows.writerows([chance.choice(pool) for pool in pools] for _ in range(chance.randrange(30)))
    return out.getvalue()


@pytest.mark.parametrize("seed", range(12))
def test_what_is_written_can_be_read(desk, seed):
    chance = random.Random(seed)
    desk.joins(chance.choice(VARIABLES), chance.choice((DATES, DAYS)))
    desk.exports(an_export(chance))
    try:
        keys = desk.proposes(key=None).keys
    except DataError:
        return
    text = written(desk.proposes(key=keys[0].column if keys else ""), chance.choice(languages()))
    desk.site_file.write_text(text, encoding="utf-8")
    assert load_site_file(desk.site_file, desk.study).site == "kurume"
