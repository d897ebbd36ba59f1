"""Compiled loops over the daily series of cells.

Every kernel takes series as ``(cell, day)`` float64, missing is NaN, and loops over the cells. It
holds the science of one cell and nothing of files, blocks or missing-day rules. Kernels release
the interpreter lock and are cached on disk at their first call.
"""
