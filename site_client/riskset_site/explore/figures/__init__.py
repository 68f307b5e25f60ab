"""Drawings of a site's own page, in the style of the report's; the survival curves are the report's own."""
