"""Climate indicators of regions from the public datasets of space agencies.

Examples
--------
>>> import sco_pipeline as sco
>>> product = sco.run("equatorial-sst")  # doctest: +SKIP
"""

from . import regions
from .catalog import load_catalog
from .errors import ScoError
from .expectation import estimate
from .harmonise import open_any as open_dataset
from .indicators import compute_indicators
from .pipeline import compute, fetch, open_inputs, plan, produce, run, status
from .product import Product
from .settings import Settings

__all__ = [
    "Product",
    "ScoError",
    "Settings",
    "compute",
    "compute_indicators",
    "estimate",
    "fetch",
    "load_catalog",
    "open_dataset",
    "open_inputs",
    "plan",
    "produce",
    "regions",
    "run",
    "status",
]
