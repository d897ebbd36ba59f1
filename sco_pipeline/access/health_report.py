"""What the addresses of the catalog answered on one day: models, text and files."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import ValidationError

from .. import files
from ..catalog.models import Id, Model

logger = logging.getLogger(__name__)
Part = Literal["data", "mirror", "preliminary"]
Verdict = Literal["ok", "moved", "asks for login", "gone", "unreachable", "not fetchable"]
HEALTH_COLUMNS = ("dataset", "answer", "status", "seconds", "host", "note")
_LONGEST_NOTE = 300


class AddressHealth(Model):
    """What one address answered; nothing in it is secret."""

    dataset: Id
    part: Part = "data"
    url: str
    verdict: Verdict
    status: int | None = None
    seconds: float | None = None
    note: str = ""
    credential: str | None = None
    served_by: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    def row(self) -> tuple[str, ...]:
        """Return the cells of a table, in the order of `HEALTH_COLUMNS`."""
        seconds = "" if self.seconds is None else f"{self.seconds:.1f}"
        host = urlsplit(self.url).netloc
        if self.served_by:
            host += f" by {urlsplit(self.served_by).netloc}"
        note = self.note if self.part == "data" else f"{self.part}; {self.note}".rstrip("; ")
        return (
            self.dataset, self.verdict, str(self.status or ""), seconds, _line(host),
            _line(note[:_LONGEST_NOTE]),
        )  # fmt: skip

    def lines(self) -> list[str]:
        """Return the same and the full address for readers."""
        dataset, verdict, status, seconds, _, note = self.row()
        told = f"{seconds} s" if seconds else ""
        about = [
            _line(self.url),
            f"through {_line(self.served_by)}" if self.served_by else "",
            f"credential: {_line(self.credential)}" if self.credential else "",
            note,
        ]
        first = f"{verdict:<14}  {status:<3}  {told:>6}  {dataset}"
        return [first, *(f"{'':<29}{text}" for text in about if text)]


class HealthReport(Model):
    """What all addresses answered, and when."""

    checked: dt.datetime
    addresses: tuple[AddressHealth, ...]

    def summary(self) -> str:
        """Return when it was, and how many addresses answered how."""
        counts = Counter(address.verdict for address in self.addresses)
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
        return f"{self.checked:%Y-%m-%d %H:%M} UTC: {told or 'no addresses'}"

    def text(self) -> str:
        """Return the report for readers, an address a few lines."""
        lines = [f"Addresses of the catalog, {self.summary()}", ""]
        lines += [line for address in self.addresses for line in address.lines()]
        return "\n".join(lines) + "\n"


def latest_report(directory: Path) -> HealthReport | None:
    """Return the newest report of a directory, if there is a readable one."""
    for path in sorted(directory.glob("health-*.json"), reverse=True):
        try:
            return HealthReport.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            logger.warning("%s is passed over: %s", path, str(error).splitlines()[0])
    return None


def write_report(report: HealthReport, directory: Path) -> Sequence[Path]:
    """Write ``health-DATE.json`` and the same for readers, ``health-DATE.txt``; return both."""
    stem = f"health-{report.checked:%Y-%m-%dT%H%M%SZ}"
    paths = directory / f"{stem}.json", directory / f"{stem}.txt"
    files.write_text(paths[0], report.model_dump_json(indent=1, exclude_none=True) + "\n")
    files.write_text(paths[1], report.text())
    return paths


def _line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
