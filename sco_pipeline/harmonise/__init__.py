"""What the bytes mean: files of any archive become one Dataset with one meaning."""

from .contract import check_contract
from .inspection import Inspection, inspect, open_any
from .journal import Change, Journal
from .opening import open_dataset
from .quality import count_flags, quality_flags
from .regrid import regrid

__all__ = [
    "Change",
    "Inspection",
    "Journal",
    "check_contract",
    "count_flags",
    "inspect",
    "open_any",
    "open_dataset",
    "quality_flags",
    "regrid",
]
