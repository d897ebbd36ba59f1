"""What is computed: pure functions of DataArrays, and the engine that calls them."""

from .calculate import calculate, compute_indicators
from .indicator import Indicator, indicator, indicators

__all__ = ["Indicator", "calculate", "compute_indicators", "indicator", "indicators"]
