"""How the bytes get here: from a catalog entry to checked local files and their record."""

from .fetching import fetch
from .granules import Granule
from .ledger import Ledger
from .method import access_method, methods

__all__ = ["Granule", "Ledger", "access_method", "fetch", "methods"]
