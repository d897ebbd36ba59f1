"""One reader per file format; each is a function under `@reader`."""

from .reader import READERS, detect, read, reader

__all__ = ["READERS", "detect", "read", "reader"]
