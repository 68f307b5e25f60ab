"""Readers of exports. Each returns a `SourceTable` of texts and knows nothing of the study."""
