"""The files by which a hospital comes into a study, as both sides read and write them."""
