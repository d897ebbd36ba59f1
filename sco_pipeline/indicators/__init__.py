"""What is computed: pure functions of DataArrays, and the engine that calls them."""

from .calculate import calculate, compute_indicators
from .expected import Estimate, estimate
from .indicator import Indicator, indicator, indicators
from .watching import watched

__all__ = [
    "Estimate",
    "Indicator",
    "calculate",
    "compute_indicators",
    "estimate",
    "indicator",
    "indicators",
    "watched",
]
