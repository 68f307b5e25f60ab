"""A site's own look at its data, as one local page: what the check reads, in pictures, with curves and models of
lifelines. Nothing here is sent or recorded, and no other package of a site imports it."""
