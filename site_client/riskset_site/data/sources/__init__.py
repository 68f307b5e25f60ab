"""Where a hospital's rows come from. Each source ends in a `SourceTable` of texts; nothing here knows the study."""
