"""What the first bytes of a file say that it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HDF5 = b"\x89HDF\r\n\x1a\n"
# Reader name -> first bytes that its files may have; formats without any are not listed.
_MAGIC: dict[str, tuple[bytes, ...]] = {
    "netcdf": (_HDF5, b"CDF\x01", b"CDF\x02", b"CDF\x05"),
    "hdf5": (_HDF5,),
    "grib": (b"GRIB",),
    "geotiff": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    "zarr": (b"PK\x03\x04", b"PK\x05\x06"),
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "gzip": (b"\x1f\x8b",),
}
_TEXT = ("csv", "text", "json", "geojson")
_PAGE = re.compile(
    rb"^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)", re.I | re.S
)


def kind_of(head: bytes) -> str:
    """Name what a file is, from its first bytes, in words for a message."""
    for name, magic in _MAGIC.items():
        if head.startswith(magic):
            return name
    start = head.removeprefix(b"\xef\xbb\xbf")
    if _PAGE.match(start):
        form = re.search(rb"<form|type=[\"']?password|log.?in|sign.?in", head, re.I)
        return "an HTML login page" if form else "an HTML page"
    if start.lstrip().startswith(b"<"):
        return "an XML document"
    if re.match(rb"\x80[\x00-\x05]", head):
        return "a Python pickle"
    if head.startswith(b"\x93NUMPY"):
        return "a NumPy array file"
    if not head:
        return "an empty file"
    return "text" if _is_text(head) else "something unknown"


def fits(head: bytes, form: str) -> bool:
    """Tell whether the first bytes of a file can be those of a format.

    Parameters
    ----------
    head : bytes
        At least the first 512 bytes, or the whole file.
    form : str
        Reader name of the catalog entry, or an archive: ``zip``, ``gzip``.
    """
    if form in _MAGIC:
        if head.startswith(_MAGIC[form]):
            return True
        # Some centres put a bulletin header before the first message.
        return form == "grib" and b"GRIB" in head
    if form == "tar":
        return head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")) or head[257:262] == b"ustar"
    kind = kind_of(head)
    if form in _TEXT:
        return kind == "text" or (
            form in ("text", "csv") and kind == "something unknown" and _is_text(head)
        )
    return not kind.startswith(("an HTML", "a Python", "an empty"))


def expected(form: str) -> str:
    """Name a format in words for a message."""
    return f"a {form} file"


def is_text_format(form: str) -> bool:
    """Tell whether files of a format are text, which has no end mark."""
    return form in _TEXT


def formats() -> Sequence[str]:
    """Return the formats that can be told by their first bytes."""
    return (*_MAGIC, *_TEXT)


def _is_text(head: bytes) -> bool:
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head)
