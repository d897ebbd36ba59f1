"""Regridding to a regular grid: conservative, linear or nearest, by a cached sparse matrix."""

from .regridding import is_conserved, method_of, regrid
from .target import Target, target_grid

__all__ = ["Target", "is_conserved", "method_of", "regrid", "target_grid"]
