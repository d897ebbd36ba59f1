"""For whom: named areas on the sphere, and the values of a field over them.

Examples
--------
>>> from sco_pipeline import load_catalog, regions
>>> catalog = load_catalog()
>>> boxes = regions.load_region_set(catalog.region_sets["climate-index-boxes"], catalog.directory)
>>> means = regions.aggregate(sst, boxes)  # doctest: +SKIP
"""

from .aggregate import aggregate
from .load import load_region_set
from .places import box, from_frame, point, read_regions
from .region import Regions, combine, make_regions
from .uncertainty import uncertainty_of_mean

__all__ = [
    "Regions",
    "aggregate",
    "box",
    "combine",
    "from_frame",
    "load_region_set",
    "make_regions",
    "point",
    "read_regions",
    "uncertainty_of_mean",
]
