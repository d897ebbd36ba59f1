"""What the bytes mean: files of any archive become one Dataset with one meaning."""

from .contract import check_contract
from .inspection import Inspection, inspect, open_any
from .journal import Change, Journal
from .observations import open_observations
from .opening import open_dataset
from .quality import COUNT as QUALITY_COUNT
from .quality import count_flags, quality_counters, quality_counts, quality_flags
from .regrid import regrid

__all__ = [
    "QUALITY_COUNT",
    "Change",
    "Inspection",
    "Journal",
    "check_contract",
    "count_flags",
    "inspect",
    "open_any",
    "open_dataset",
    "open_observations",
    "quality_counters",
    "quality_counts",
    "quality_flags",
    "regrid",
]
