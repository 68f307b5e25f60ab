"""The text of a study that asks over the sites of a data set what R answers there."""

OS = """\
[endpoints.os]
days = "time"
event = "event"
"""
TRT = 'trt = { type = "boolean" }\n'


def study_text(
    variables, analyses, *, endpoints=OS, title="lung", arm=TRT, reference="false", unit="day", grid=(1, 2000), rules=""
):
    """Returns the text, with a place for `{sites}`; `variables` are those beside the arm, time and event, `arm` is the
    arm's line, `rules` the parts before the comparison, `grid` the width of a step and the last day."""
    width, last = grid
    text = f"""\
schema = 1
[study]
id = "trial"
version = "1"
title = "{title}"
[sites]
SITES
[variables]
{arm}time = {{ type = "number", unit = "day", range = [0, 10000], step = 1 }}
event = {{ type = "boolean" }}
{variables}{rules}[comparison]
arm = "{arm.split()[0]}"
reference = "{reference}"
[time]
unit = "{unit}"
grid = {{ width_days = {width}, max_days = {last} }}
{endpoints}[analyses]
{analyses}"""
    return text.replace("{", "{{").replace("}", "}}").replace("SITES", "{sites}")


def sites_text(names):
    """Returns the lines of [sites]."""
    return "\n".join(f'{name} = {{ name = "{name}" }}' for name in names)
