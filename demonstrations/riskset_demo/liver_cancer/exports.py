"""The files of each made-up hospital: an export in its system's format, and the site file that reads it.

The two are deliberately independent: `_korean` and `_japanese` write a patient as a hospital does, KOREAN_MAP and
JAPANESE_MAP map that to the study as its data manager would.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from riskset_demo.liver_cancer.assumptions import ASSAY_LIMIT
from riskset_demo.liver_cancer.cohort import JAPANESE, KOREAN, Patient

ExportRow = dict[str, str]
"""One line of an export: its text by column."""

_KOREAN_EVENTS = {
    "hypertension": "고혈압",
    "diarrhoea": "설사",
    "appetite": "식욕부진",
    "weight_loss": "체중감소",
    "fatigue": "피로",
    "hand_foot": "수족증후군",
    "proteinuria": "단백뇨",
    "nausea": "오심",
    "hypothyroidism": "갑상선기능저하",
    "rash": "발진",
}
_JAPANESE_EVENTS = {
    "hypertension": "高血圧",
    "diarrhoea": "下痢",
    "appetite": "食欲減退",
    "weight_loss": "体重減少",
    "fatigue": "疲労",
    "hand_foot": "手足症候群",
    "proteinuria": "蛋白尿",
    "nausea": "悪心",
    "hypothyroidism": "甲状腺機能低下",
    "rash": "発疹",
}
_JAPANESE_GRADES = ("なし", "G1", "G2", "G3")
_JAPANESE_RECODE = ", ".join(f'"{text}" = "{grade}"' for grade, text in enumerate(_JAPANESE_GRADES))

KOREAN_MAP = {
    "arm": '{ column = "2차 치료약제", recode = { "렌바티닙" = "lenvatinib", "소라페닙" = "sorafenib" } }',
    "age": '{ years_between = ["생년월일", "투여시작일"] }',
    "sex": '{ column = "성별", recode = { "남" = "M", "여" = "F" } }',
    "aetiology": '{ column = "간질환 원인", recode = { "B형간염" = "HBV", "C형간염" = "HCV", "기타" = "other" } }',
    "hbv": '{ column = "간질환 원인", recode = { "B형간염" = true, "C형간염" = false, "기타" = false } }',
    "ecog": '{ column = "ECOG", recode = { "1" = "1+", "2" = "1+" } }',
    "child_pugh": '{ column = "Child-Pugh 등급" }',
    "mvi": '{ column = "혈관침범", recode = { "유" = true, "무" = false } }',
    "ehs": '{ column = "간외전이", recode = { "유" = true, "무" = false } }',
    "afp": '{ column = "AFP(ng/mL)", recode = { "<2.0" = 1.0 } }',
    "start": '"투여시작일"',
    "progression": '"진행일"',
    "death": '"사망일"',
    "last_contact": '"최종확인일"',
    "recist": '"최적반응(RECIST 1.1)"',
    "mrecist": '"최적반응(mRECIST)"',
    **{
        f"ae_{name}": f'{{ column = "이상반응 {label}", recode = {{ "없음" = "0" }} }}'
        for name, label in _KOREAN_EVENTS.items()
    },
}
JAPANESE_MAP = {
    "arm": '{ column = "二次治療薬", recode = { "レンバチニブ" = "lenvatinib", "ソラフェニブ" = "sorafenib" } }',
    "age": '{ years_between = ["生年月日", "投与開始日"] }',
    "sex": '{ column = "性別", recode = { "男" = "M", "女" = "F" } }',
    "aetiology": '{ column = "成因", recode = { "B型肝炎" = "HBV", "C型肝炎" = "HCV", "非B非C" = "other" } }',
    "hbv": '{ column = "成因", recode = { "B型肝炎" = true, "C型肝炎" = false, "非B非C" = false } }',
    "ecog": '{ column = "PS", recode = { "1" = "1+", "2" = "1+" } }',
    "child_pugh": '{ column = "Child-Pugh分類" }',
    "mvi": '{ column = "脈管侵襲", recode = { "あり" = true, "なし" = false } }',
    "ehs": '{ column = "肝外転移", recode = { "あり" = true, "なし" = false } }',
    "afp": '{ column = "AFP", recode = { "<2.0" = 1.0 } }',
    "start": '"投与開始日"',
    "progression": '"増悪日"',
    "death": '"死亡日"',
    "last_contact": '"最終確認日"',
    "recist": '"最良効果 RECIST"',
    "mrecist": '"最良効果 mRECIST"',
    **{
        f"ae_{name}": f'{{ column = "有害事象 {label}", recode = {{ {_JAPANESE_RECODE} }} }}'
        for name, label in _JAPANESE_EVENTS.items()
    },
}


def _korean(patient: Patient, day: Callable[[date], str]) -> ExportRow:
    yes_or_no = {True: "유", False: "무"}
    cause = {"HBV": "B형간염", "HCV": "C형간염", "other": "기타"}
    return {
        "환자번호": patient.id,
        "성별": "남" if patient.sex == "M" else "여",
        "생년월일": day(patient.born),
        "2차 치료약제": "렌바티닙" if patient.arm == "lenvatinib" else "소라페닙",
        "투여시작일": day(patient.start),
        "간질환 원인": cause[patient.aetiology],
        "ECOG": "미상" if patient.ecog is None else str(patient.ecog),
        "Child-Pugh 등급": patient.child_pugh,
        "혈관침범": yes_or_no[patient.mvi],
        "간외전이": yes_or_no[patient.ehs],
        "알부민(g/dL)": "미상" if patient.albumin is None else f"{patient.albumin:.1f}",
        "AFP(ng/mL)": "미상" if patient.afp is None else _afp(patient.afp),
        "진행일": day(patient.progression) if patient.progression else "",
        "사망일": day(patient.death) if patient.death else "",
        "최종확인일": day(patient.last_contact),
        "최적반응(RECIST 1.1)": patient.recist,
        "최적반응(mRECIST)": patient.mrecist,
        **{f"이상반응 {label}": str(patient.adverse_events[name] or "없음") for name, label in _KOREAN_EVENTS.items()},
    }


def _japanese(patient: Patient, day: Callable[[date], str]) -> ExportRow:
    yes_or_no = {True: "あり", False: "なし"}
    cause = {"HBV": "B型肝炎", "HCV": "C型肝炎", "other": "非B非C"}
    return {
        "患者番号": patient.id,
        "生年月日": day(patient.born),
        "性別": "男" if patient.sex == "M" else "女",
        "成因": cause[patient.aetiology],
        "PS": "不明" if patient.ecog is None else str(patient.ecog),
        "Child-Pugh分類": patient.child_pugh,
        "アルブミン": "不明" if patient.albumin is None else f"{patient.albumin:.1f}",
        "AFP": "不明" if patient.afp is None else _afp(patient.afp),
        "脈管侵襲": yes_or_no[patient.mvi],
        "肝外転移": yes_or_no[patient.ehs],
        "二次治療薬": "レンバチニブ" if patient.arm == "lenvatinib" else "ソラフェニブ",
        "投与開始日": day(patient.start),
        "増悪日": day(patient.progression) if patient.progression else "",
        # this hospital records the last visit only for patients who are alive
        "最終確認日": "" if patient.death else day(patient.last_contact),
        "死亡日": day(patient.death) if patient.death else "",
        "最良効果 RECIST": patient.recist,
        "最良効果 mRECIST": patient.mrecist,
        **{
            f"有害事象 {label}": _JAPANESE_GRADES[patient.adverse_events[name]]
            for name, label in _JAPANESE_EVENTS.items()
        },
    }


def _afp(value: float) -> str:
    if value < ASSAY_LIMIT:
        return f"<{ASSAY_LIMIT:.1f}"
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


_ERAS = ((date(2019, 5, 1), "令和", "R"), (date(1989, 1, 8), "平成", "H"), (date(1926, 12, 25), "昭和", "S"))
"""First day, name, letter; latest first."""


def _era(day: date) -> tuple[int, str, str]:
    """Returns the year of the era, and the era's name and letter. Raises StopIteration before 25 December 1926."""
    first, name, letter = next(era for era in _ERAS if day >= era[0])
    return day.year - first.year + 1, name, letter


def _era_in_full(day: date) -> str:
    """As 令和5年7月3日; the first year of an era is 元年."""
    year, name, _ = _era(day)
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def _era_in_short(day: date) -> str:
    """As R5.7.3."""
    year, _, letter = _era(day)
    return f"{letter}{year}.{day.month}.{day.day}"


@dataclass(frozen=True)
class System:
    """A hospital's export format, and the [source] and [map] of the site file that its data manager wrote."""

    record: Callable[[Patient, Callable[[date], str]], ExportRow]
    day: Callable[[date], str]
    encoding: str
    source: str
    """The [source] of site.toml."""
    map: Mapping[str, str]
    """Entries of [map] by variable."""


def _system(country: str, day: Callable[[date], str], dates: str) -> System:
    record, encoding, key, unknown, mapped = {
        "KR": (_korean, "cp949", "환자번호", "미상", KOREAN_MAP),
        "JP": (_japanese, "cp932", "患者番号", "不明", JAPANESE_MAP),
    }[country]
    source = f'csv      = "export.csv"\nencoding = "{encoding}"\nmissing  = ["", "{unknown}"]\n'
    return System(record, day, encoding, f'{source}dates    = ["{dates}"]\nkey      = "{key}"\n', mapped)


_HYPHENS = _system("KR", "{:%Y-%m-%d}".format, "%Y-%m-%d")
_POINTS = _system("KR", "{:%Y.%m.%d}".format, "%Y.%m.%d")
_SLASHES = _system("JP", "{:%Y/%m/%d}".format, "%Y/%m/%d")
SYSTEMS = {
    **dict.fromkeys((name for name, _ in KOREAN), _HYPHENS),
    **dict.fromkeys((name for name, _ in JAPANESE), _SLASHES),
    "gwangju": _POINTS,
    "jeju": _POINTS,
    "fukuoka": _system("JP", _era_in_full, "wareki"),
    "sapporo": _system("JP", _era_in_short, "wareki"),
}
"""By hospital."""


def export(patients: Sequence[Patient], site: str) -> bytes:
    """Returns the CSV file of a hospital's patients, at least one, in its system's format."""
    system = SYSTEMS[site]
    records = [system.record(patient, system.day) for patient in patients]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode(system.encoding)


def site_file(study: str, site: str, variables: Sequence[str]) -> bytes:
    """Returns the hospital's site.toml for a study with these variables. Raises KeyError if one is not exported."""
    system = SYSTEMS[site]
    width = max(len(name) for name in variables)
    lines = [f"{name:<{width}} = {system.map[name]}" for name in variables]
    head = f'schema = 1\nstudy  = "{study}"\nsite   = "{site}"\n'
    return "\n".join([head, "[source]", system.source, "[map]", *lines, ""]).encode()
