"""The sco command."""

from .app import main

__all__ = ["main"]
