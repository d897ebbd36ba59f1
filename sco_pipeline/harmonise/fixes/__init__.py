"""One small file per kind of trouble; each is a function under `@fix`, named by entries."""

from .fix import FIXES, apply_fixes, fix

__all__ = ["FIXES", "apply_fixes", "fix"]
