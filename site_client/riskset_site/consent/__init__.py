"""A hospital's consent: the review of a study, the approval that is signed, and whether it is in force."""
