"""The rules R1 to R14, what they say of a figure, and the gate: values in, findings out."""
