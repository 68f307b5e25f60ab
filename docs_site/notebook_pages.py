"""Hook of mkdocs: a page for each notebook in docs, of its texts and its code. The notebook itself is beside it.

On GitHub a link to a notebook shows it; on the site it leads to the page.
"""

import json
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

LINK = re.compile(r"(\]\([\w./-]+)\.ipynb\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Returns the files with a page `NAME.md` for each `NAME.ipynb`."""
    for notebook in [file for file in files if file.src_uri.endswith(".ipynb")]:
        page = notebook.src_uri.removesuffix(".ipynb") + ".md"
        files.append(File.generated(config, page, content=page_of(notebook.content_string, notebook.src_uri)))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: object) -> str:
    """Returns a page whose links to notebooks lead to their pages; the page of a notebook keeps its own."""
    is_notebook = files.get_file_from_path(page.file.src_uri.removesuffix(".md") + ".ipynb") is not None
    return markdown if is_notebook else LINK.sub(r"\1.md)", markdown)


def page_of(notebook: str, uri: str) -> str:
    """Returns the Markdown of a notebook: its texts as they are, its code in fences, and a link to it at the end."""
    cells = json.loads(notebook)["cells"]
    parts = ["".join(cell["source"]) for cell in cells]
    fenced = [
        f"```python\n{part}\n```" if cell["cell_type"] == "code" else part
        for cell, part in zip(cells, parts, strict=True)
    ]
    name = uri.rpartition("/")[2]
    return "\n\n".join([*fenced, f"This page is a notebook: [{name}]({name}).\n"])
