"""How the bytes get here: from a catalog entry to checked local files and their record."""

from .credentials import credential_of, source_of
from .fetching import fetch
from .granules import Granule
from .health import check_catalog, check_health
from .health_report import HEALTH_COLUMNS, AddressHealth, HealthReport, latest_report, write_report
from .ledger import Ledger
from .method import access_method, methods
from .planning import FileStatus, Plan, PlannedFile, plan, status
from .progress import Progress, shown

__all__ = [
    "HEALTH_COLUMNS",
    "AddressHealth",
    "FileStatus",
    "Granule",
    "HealthReport",
    "Ledger",
    "Plan",
    "PlannedFile",
    "Progress",
    "access_method",
    "check_catalog",
    "check_health",
    "credential_of",
    "fetch",
    "latest_report",
    "methods",
    "plan",
    "shown",
    "source_of",
    "status",
    "write_report",
]
