"""The hospital's network code, except Flower itself."""
