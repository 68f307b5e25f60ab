"""The study and the patients of the exports of these tests."""

from datetime import date

TODAY = date(2026, 6, 30)

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
kurume = {{ name = "Kurume" }}
asan = {{ name = "Asan" }}
[variables]
arm = {{ type = "category", levels = ["sorafenib", "lenvatinib"], label = "Second-line drug" }}
age = {{ type = "number", unit = "year", range = [18, 100] }}
{variables}
{endpoint}
[comparison]
arm = "arm"
reference = "sorafenib"
[time]
unit = "month"
grid = {{ width_days = 30, max_days = 3000 }}
[analyses]
cox = {{ kind = "cox", endpoints = ["os"], multivariable = ["arm", "age"] }}
"""
DATES = """\
start = { type = "date" }
death = { type = "date", required = false }
last_contact = { type = "date" }
[endpoints.os]
origin = "start"
event = ["death"]
censor = "last_contact"
"""
DAYS = """\
days = { type = "number", range = [0, 5000] }
event = { type = "boolean" }
[endpoints.os]
days = "days"
event = "event"
"""
N = 24
HEADER = "id,arm,age,start,death,last_contact"


def arm(i):
    return ("sorafenib", "lenvatinib")[i % 2]


def day(i, year=2020):
    return f"{year}-{i % 12 + 1:02}-{i % 28 + 1:02}"


def died(i):
    return i % 3 != 0


def plain(i):
    """The row of a patient under HEADER."""
    end = day(i, 2022)
    return f"{i + 1},{arm(i)},{40 + i},{day(i)},{end if died(i) else ''},{end}"
