"""How a product is delivered: CF NetCDF, maps and series, each written whole or not at all."""

from .atomic import replacing, write_bytes, write_text
from .metadata import describe
from .outlines import with_outlines
from .writer import Write, writer, writers

__all__ = [
    "Write",
    "describe",
    "replacing",
    "with_outlines",
    "write_bytes",
    "write_text",
    "writer",
    "writers",
]
