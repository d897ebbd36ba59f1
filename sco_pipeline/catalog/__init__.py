"""What exists: agencies, variables, datasets, region sets and recipes, read from YAML."""

from .check import Abilities, Problem, Report, check_directory
from .layout import Composites, Layout, Quality
from .load import Catalog, Table, load_catalog, read_catalog
from .models import (
    Access,
    Agency,
    BBox,
    Box,
    Coverage,
    DatasetEntry,
    Evidence,
    FetchedFile,
    FetchRecord,
    Period,
    Preliminary,
    RegionSet,
    Request,
    Source,
    Variable,
)
from .recipes import IndicatorRequest, MapRequest, Recipe, RegionalRequest
from .select import members, membership_summary, parse_bbox

__all__ = [
    "Abilities",
    "Access",
    "Agency",
    "BBox",
    "Box",
    "Catalog",
    "Composites",
    "Coverage",
    "DatasetEntry",
    "Evidence",
    "FetchRecord",
    "FetchedFile",
    "IndicatorRequest",
    "Layout",
    "MapRequest",
    "Period",
    "Preliminary",
    "Problem",
    "Quality",
    "Recipe",
    "RegionSet",
    "RegionalRequest",
    "Report",
    "Request",
    "Source",
    "Table",
    "Variable",
    "check_directory",
    "load_catalog",
    "members",
    "membership_summary",
    "parse_bbox",
    "read_catalog",
]
