"""What ``sco check`` says of credentials and, with ``--online``, of addresses."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import access
from ..catalog import Catalog
from ..settings import Settings
from .screen import print_table


def credential_lines(catalog: Catalog, settings: Settings) -> list[str]:
    """Return where each credential of the catalog is found, and which are not set."""
    sources: dict[str, str | None] = {}
    counts: Counter[str] = Counter()
    for entry in catalog.datasets.values():
        scope = entry.access.credential
        if scope is not None:
            sources[scope] = sources.get(scope) or access.source_of(entry, settings)
            counts[scope] += 1
    lines = [
        f"credential {scope!r}: from {source} (for {counts[scope]} datasets)"
        for scope, source in sorted(sources.items())
        if source
    ]
    unset = sorted(scope for scope, source in sources.items() if source is None)
    return lines + ([f"credentials not set: {', '.join(unset)}"] if unset else [])


def check_online(catalog: Catalog, settings: Settings, directory: Path | None) -> None:
    """Ask every address of the catalog, print the answers and leave a dated report."""
    with _sign_of_life() as progress:
        report, written = access.check_catalog(catalog, settings, directory, progress=progress)
    rows = [address.row() for address in report.addresses]
    print_table(report.summary(), access.HEALTH_COLUMNS, rows)
    print("\n".join(str(path) for path in written))


@contextmanager
def _sign_of_life() -> Iterator[Callable[[access.AddressHealth], None] | None]:
    """Say on a terminal which address answered last; dead archives take half a minute."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("asking the archives ...") as line:
        asked = 0

        def show(address: access.AddressHealth) -> None:
            nonlocal asked
            asked += 1
            line.update(f"asked {asked} addresses, the last one of {address.dataset}")

        yield show
