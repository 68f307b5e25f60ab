"""A proposal for a site file, from an export and the study. It reads the whole export and sends nothing."""
