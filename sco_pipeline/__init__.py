"""Climate indicators of regions from the public datasets of space agencies.

Examples
--------
>>> import sco_pipeline as sco
>>> product = sco.run("equatorial-sst")  # doctest: +SKIP
"""

from . import regions
from .catalog import load_catalog
from .errors import ScoError
from .indicators import compute_indicators
from .pipeline import compute, fetch, open_inputs, produce, run
from .product import Product
from .settings import Settings

__all__ = [
    "Product",
    "ScoError",
    "Settings",
    "compute",
    "compute_indicators",
    "fetch",
    "load_catalog",
    "open_inputs",
    "produce",
    "regions",
    "run",
]
