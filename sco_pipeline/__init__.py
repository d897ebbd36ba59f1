"""Climate indicators of regions from the public datasets of space agencies.

Examples
--------
>>> import sco_pipeline as sco
>>> product = sco.run("equatorial-sst")  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import regions
    from .catalog import load_catalog
    from .errors import ScoError
    from .expectation import estimate
    from .harmonise import open_any as open_dataset
    from .indicators import compute_indicators
    from .pipeline import compute, open_inputs, produce, run
    from .product import Product
    from .settings import Settings
    from .sources import fetch, plan, status

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

if not TYPE_CHECKING:
    # Imported when it is asked for: whoever fetches or reads the catalog needs no arrays.
    _PLACES = {
        "Product": "product:Product",
        "ScoError": "errors:ScoError",
        "Settings": "settings:Settings",
        "compute": "pipeline:compute",
        "compute_indicators": "indicators:compute_indicators",
        "estimate": "expectation:estimate",
        "fetch": "sources:fetch",
        "load_catalog": "catalog:load_catalog",
        "open_dataset": "harmonise:open_any",
        "open_inputs": "pipeline:open_inputs",
        "plan": "sources:plan",
        "produce": "pipeline:produce",
        "regions": "regions:",
        "run": "pipeline:run",
        "status": "sources:status",
    }

    def __getattr__(name):
        """Import a name of this package."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, _, inside = _PLACES[name].partition(":")
        found = import_module(f"{__name__}.{module}")
        return getattr(found, inside) if inside else found

    def __dir__():
        return [*globals(), *__all__]
