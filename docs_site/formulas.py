r"""Hook of mkdocs: formulas in LaTeX become MathML when the site is built, so that a browser needs no script for them.

In the sources a formula is `$x$`, or a fence named `math`, as GitHub renders them. latex2mathml prints what it does not
know as it is written, and leaves an argument out that is missing; here both are errors.
"""

import html
import re
from xml.etree import ElementTree

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>([.,;:)]*)', re.DOTALL)
DISPLAYED = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munder": 2, "munderover": 3}
"""How many children an element of MathML must have."""


def on_page_content(content: str, page: Page, **_: object) -> str:
    """Returns the page with MathML in place of its formulas; PluginError for one that cannot be rendered."""
    where = page.file.src_uri
    # with the signs after it, which a line would otherwise begin with
    content = INLINE.sub(
        lambda found: f'<span class="formula">{mathml(found[1], "inline", where)}{found[2]}</span>', content
    )
    content = DISPLAYED.sub(lambda found: f'<div class="formula">{mathml(found[1], "block", where)}</div>', content)
    if 'class="arithmatex"' in content:
        raise PluginError(f"{where}: a formula was not found where it was expected")
    return content


def mathml(escaped: str, display: str, where: str) -> str:
    """Returns one formula of a page `where`; it is escaped as HTML, `display` is `inline` or `block`."""
    latex = html.unescape(escaped).strip()
    try:
        made = convert(latex, display=display)
        wrong = [one.tag for one in _elements(made) if len(one) != PARTS.get(one.tag, len(one))]
    except Exception as error:  # the converter has errors of many kinds
        raise PluginError(f"{where}: {latex}: {type(error).__name__}: {error}") from error
    if "\\" in made or wrong:
        raise PluginError(f"{where}: {latex}: not understood by latex2mathml {wrong or ''}")
    return made


def _elements(made: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(made)
    for one in root.iter():
        one.tag = one.tag.rpartition("}")[2]
    return list(root.iter())
