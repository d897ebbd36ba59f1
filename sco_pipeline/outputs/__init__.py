"""How a product is delivered: CF NetCDF, maps and series, each written whole or not at all."""

from .atomic import replacing, write_bytes, write_text
from .metadata import describe
from .writer import Write, writer, writers

__all__ = [
    "Write",
    "describe",
    "replacing",
    "write_bytes",
    "write_text",
    "writer",
    "writers",
]
