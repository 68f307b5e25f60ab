"""The folder of a release: what the pages beside the outputs say, and how it is written, read and withdrawn from."""
