"""How the bytes get here: from a catalog entry to checked local files and their record."""

from .credentials import credential_of
from .fetching import fetch
from .granules import Granule
from .ledger import Ledger
from .method import access_method, methods
from .planning import FileStatus, Plan, PlannedFile, plan, status
from .progress import Progress, shown

__all__ = [
    "FileStatus",
    "Granule",
    "Ledger",
    "Plan",
    "PlannedFile",
    "Progress",
    "access_method",
    "credential_of",
    "fetch",
    "methods",
    "plan",
    "shown",
    "status",
]
