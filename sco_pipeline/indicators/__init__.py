"""What is computed: pure functions of DataArrays, and the engine that calls them."""

from .calculate import calculate, compute_indicators
from .indicator import Indicator, indicator, indicators
from .requests import check_requests

__all__ = [
    "Indicator",
    "calculate",
    "check_requests",
    "compute_indicators",
    "indicator",
    "indicators",
]
