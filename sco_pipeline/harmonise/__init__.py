"""What the bytes mean: files of any archive become one Dataset with one meaning."""

from .contract import check_contract
from .journal import Change, Journal
from .opening import open_dataset

__all__ = ["Change", "Journal", "check_contract", "open_dataset"]
