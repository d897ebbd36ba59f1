"""What exists: agencies, variables, datasets, region sets and recipes, read from YAML."""

from .load import Catalog, Table, load_catalog
from .models import (
    Access,
    Agency,
    BBox,
    Box,
    Coverage,
    DatasetEntry,
    FetchedFile,
    FetchRecord,
    IndicatorRequest,
    MapRequest,
    Period,
    Recipe,
    RegionSet,
    Request,
    Source,
    Variable,
)

__all__ = [
    "Access",
    "Agency",
    "BBox",
    "Box",
    "Catalog",
    "Coverage",
    "DatasetEntry",
    "FetchRecord",
    "FetchedFile",
    "IndicatorRequest",
    "MapRequest",
    "Period",
    "Recipe",
    "RegionSet",
    "Request",
    "Source",
    "Table",
    "Variable",
    "load_catalog",
]
