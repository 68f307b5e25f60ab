"""One run, both sides of it, as machines without I/O: bytes in, bytes out."""
