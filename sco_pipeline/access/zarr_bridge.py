"""A read-only store of the zarr package over a function from key to bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


def bridge(get: Callable[[str], bytes | None]) -> Any:
    """Return a store whose keys are read by `get`; the zarr package is imported only now.

    Parameters
    ----------
    get : callable
        Returns the bytes of a key, or None.

    Returns
    -------
    zarr.abc.store.Store
        Read-only, without listing.
    """
    from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest

    class Bridge(Store):
        """Answers reads by ``get``; everything else is refused."""

        supports_writes = False
        supports_deletes = False
        supports_listing = False
        supports_partial_writes = False

        def __init__(self) -> None:
            super().__init__(read_only=True)

        def __eq__(self, other: object) -> bool:
            return self is other

        __hash__ = object.__hash__

        async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
            content = await asyncio.to_thread(get, key)
            if content is None:
                return None
            if isinstance(byte_range, RangeByteRequest):
                content = content[byte_range.start : byte_range.end]
            elif isinstance(byte_range, OffsetByteRequest):
                content = content[byte_range.offset :]
            elif isinstance(byte_range, SuffixByteRequest):
                content = content[-byte_range.suffix :]
            return prototype.buffer.from_bytes(content)

        async def get_partial_values(self, prototype: Any, key_ranges: Any) -> list[Any]:
            return [await self.get(key, prototype, part) for key, part in key_ranges]

        async def exists(self, key: str) -> bool:
            return await asyncio.to_thread(get, key) is not None

        async def set(self, key: str, value: Any) -> None:
            raise PermissionError("read only")

        async def delete(self, key: str) -> None:
            raise PermissionError("read only")

        async def _nothing(self) -> Any:
            nothing: tuple[str, ...] = ()
            for key in nothing:
                yield key

        def list(self) -> Any:
            return self._nothing()

        def list_prefix(self, prefix: str) -> Any:
            return self._nothing()

        def list_dir(self, prefix: str) -> Any:
            return self._nothing()

    return Bridge()
