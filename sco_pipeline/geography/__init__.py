"""Land and countries of the world, inside the package, so that nothing is ever downloaded.

Natural Earth 4.1.0 (public domain) as packaged by world-atlas 2.0.2, converted by
``scripts/make_geography.py``. Borders are those of Natural Earth and state no opinion.
"""

from .countries import Country, Resolution, boundaries, countries

__all__ = ["Country", "Resolution", "boundaries", "countries"]
