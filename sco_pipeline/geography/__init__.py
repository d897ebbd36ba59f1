"""Land and countries of the world, never downloaded, and outlines in the forms of other programs.

Natural Earth 4.1.0 (public domain) as packaged by world-atlas 2.0.2, converted by
``scripts/make_geography.py``. Borders are those of Natural Earth and state no opinion.
"""

from .countries import Country, Resolution, boundaries, countries
from .exchange import feature_collection, geometry_containers

__all__ = [
    "Country",
    "Resolution",
    "boundaries",
    "countries",
    "feature_collection",
    "geometry_containers",
]
