"""A page of facts for a site's own staff, printed in a terminal or written as an HTML file."""

from riskset_site.pages.page import Drawing, Folded, Gallery, Page, PagePart, PageSection, PageTable

__all__ = ["Drawing", "Folded", "Gallery", "Page", "PagePart", "PageSection", "PageTable"]
