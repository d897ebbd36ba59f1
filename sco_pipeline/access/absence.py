"""An archive's word that it does not have a file, which is not always an error."""


class NotThereError(Exception):
    """The archive answered that it has no such file (404 or 410)."""
