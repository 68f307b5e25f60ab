"""What of a run may be published: decided output by output, as one system of linked cells."""
