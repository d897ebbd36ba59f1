"""A catalog whose archive is a loopback server."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.servers import FaultServer, status

ROOT = Path(__file__).parents[2]
DATASET = """
agency: ncar
role: producer
title: Darwin, from the test's archive
license: Open Government Licence
citation: A test.
coverage: {{start: 1866-01-01, end: 2013-12-31}}
frequency: month
format: netcdf
access: {{method: http, url: "{url}", credential: {credential}}}
variables:
  soi: {{name: SOI_Darwin, units: "1"}}
"""
RECIPE = """
title: Anomaly of {name}
summary: A recipe of the tests.
inputs: {{soi: {name}}}
baseline: [1961, 1990]
indicators:
- {{id: anomaly, of: soi}}
cadence: {cadence}
formats: [netcdf]
caveats: ["<img src=x onerror=alert(1)> [click](javascript:alert(2))"]
"""


def darwin() -> bytes:
    """The Southern Oscillation record of the embedded data."""
    import iris_sample_data

    folder = Path(iris_sample_data.__file__).parent / "sample_data"
    return (folder / "SOI_Darwin.nc").read_bytes()


class Archive:
    """A catalog with recipes named as their archive behaves: good, down and gone."""

    def __init__(self, server: FaultServer, directory: Path) -> None:
        self.server = server
        self.directory = directory
        for name in ("agencies.yaml", "variables.yaml", "sources.yaml"):
            shutil.copy(ROOT / "catalog" / name, directory / name)
        for folder in ("datasets", "regions", "recipes"):
            (directory / folder).mkdir()
        self.add("good")
        self.add("down")
        self.add("gone")
        server.put("/good.nc", darwin())
        server.play("/down.nc", status(503))

    def add(self, name: str, cadence: str = "daily", credential: str = "null") -> None:
        """Add a dataset and a recipe over it."""
        url = self.server.url(f"/{name}.nc")
        (self.directory / "datasets" / f"{name}.yaml").write_text(
            DATASET.format(url=url, credential=credential)
        )
        recipe = RECIPE.format(name=name, cadence=cadence)
        (self.directory / "recipes" / f"{name}.yaml").write_text(recipe)

    def hits(self, name: str) -> int:
        """Count the requests for the file of a dataset."""
        return len(self.server.hits(f"/{name}.nc"))

    def environment(self, root: Path) -> dict[str, str]:
        """Return the settings of a run whose cache and outputs lie below `root`."""
        return {
            "SCO_CATALOG_DIR": str(self.directory),
            "SCO_CACHE_DIR": str(root / "cache"),
            "SCO_OUTPUT_DIR": str(root / "outputs"),
            "SCO_PRIVATE_HOSTS": f'["{self.server.place}"]',
            "SCO_LIMITS__ATTEMPTS": "2",
            "SCO_LIMITS__BACKOFF_SECONDS": "0.01",
        }
