"""For whom: named areas on the sphere, and the values of a field over them.

Examples
--------
>>> from sco_pipeline import load_catalog, regions
>>> catalog = load_catalog()
>>> boxes = regions.load_region_set(catalog.region_sets["climate-index-boxes"], catalog.directory)
>>> means = regions.aggregate(sst, boxes)  # doctest: +SKIP
"""

from .aggregate import aggregate
from .exchange import geometry_variables, to_geojson
from .load import load_region_set
from .of_product import check_regional, of_inputs, of_results
from .places import box, from_frame, point, read_regions
from .region import Regions, combine, make_regions
from .uncertainty import uncertainty_of_mean

__all__ = [
    "Regions",
    "aggregate",
    "box",
    "check_regional",
    "combine",
    "from_frame",
    "geometry_variables",
    "load_region_set",
    "make_regions",
    "of_inputs",
    "of_results",
    "point",
    "read_regions",
    "to_geojson",
    "uncertainty_of_mean",
]
