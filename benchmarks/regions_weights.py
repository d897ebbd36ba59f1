"""Time of the weights of 241 countries, beside other tools, with their values compared.

``python benchmarks/regions_weights.py [step]`` prints a table: CPU seconds of the fastest of
three interleaved rounds, the ratio to this package, and the largest difference of a share of a
cell. Tools that are not installed are named as such; ``requirements-regions.txt`` lists them.
regionmask holds ten by ten points of every cell: about 25 GB at a quarter of a degree. A tool that
took half a minute is not run again.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable

import numpy as np
import shapely
import xarray as xr

from sco_pipeline.geography import countries
from sco_pipeline.regions import make_regions
from sco_pipeline.regions.locate import grid_of
from sco_pipeline.regions.weights import compute_coverage

ROUNDS, LONG = 3, 30.0
LAND = countries("50m")
REGIONS = make_regions(
    [c.id for c in LAND], [c.name for c in LAND], [c.geometry for c in LAND], "countries"
)


def field(step: float) -> xr.DataArray:
    """Return a global grid."""
    lat = np.arange(-90 + step / 2, 90, step)
    lon = np.arange(-180 + step / 2, 180, step)
    values = np.zeros((lat.size, lon.size))
    return xr.DataArray(values, dims=("lat", "lon"), coords={"lat": lat, "lon": lon})


def ours(da: xr.DataArray) -> Callable[[], np.ndarray]:
    """Return the work of this package; its result comes as dense shares."""

    def work() -> object:
        return compute_coverage(grid_of(da), REGIONS)

    def dense(found: object) -> np.ndarray:
        shares = np.zeros((len(REGIONS), da.size), np.float32)
        region = np.repeat(np.arange(len(REGIONS)), np.diff(found.starts))
        shares[region, found.cells] = found.shares
        return shares.reshape(-1, *da.shape)

    return work, dense


def exactextract(da: xr.DataArray) -> Callable[[], np.ndarray]:
    """Return the work of exactextract: planar shares."""
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    raster = NumPyRasterSource(da.to_numpy(), xmin=-180, ymin=-90, xmax=180, ymax=90)
    features = [
        {"type": "Feature", "id": i, "geometry": json.loads(shapely.to_geojson(shape))}
        for i, shape in enumerate(REGIONS.geometries)
    ]

    def work() -> object:
        return exact_extract(raster, features, ["cell_id", "coverage"])

    def dense(found: object) -> np.ndarray:
        shares = np.zeros((len(REGIONS), *da.shape), np.float32)
        for i, row in enumerate(found):
            cells = np.asarray(row["properties"]["cell_id"], dtype=int)
            shares[i].flat[cells] = row["properties"]["coverage"]
        return shares[:, ::-1]

    return work, dense


def regionmask(da: xr.DataArray) -> Callable[[], np.ndarray]:
    """Return the work of regionmask: shares in steps of a tenth in each direction."""
    import regionmask as peer

    regions = peer.Regions(list(REGIONS.geometries), overlap=True)

    def work() -> object:
        return regions.mask_3D_frac_approx(da, drop=False)

    return work, lambda found: found.to_numpy().astype(np.float32)


def xesmf(da: xr.DataArray) -> Callable[[], np.ndarray]:
    """Return the work of xesmf."""
    import geopandas
    import xesmf as peer

    frame = geopandas.GeoDataFrame(geometry=list(REGIONS.geometries), crs="EPSG:4326")

    def work() -> object:
        return peer.SpatialAverager(da.to_dataset(name="a"), frame.geometry)

    return work, lambda found: np.full((len(REGIONS), *da.shape), np.nan, np.float32)


def main(step: float = 0.25) -> None:
    """Print the table."""
    da = field(step)
    works, missing = {}, []
    for make in (ours, exactextract, regionmask, xesmf):
        try:
            works[make.__name__] = make(da)
        except ImportError as error:
            missing.append(f"{make.__name__}: {error}")
    times: dict[str, list[float]] = {name: [] for name in works}
    results = {}
    for _ in range(ROUNDS):
        for name, (work, _) in works.items():
            if max(times[name], default=0.0) > LONG:
                continue
            start = time.process_time()
            results[name] = work()
            times[name].append(time.process_time() - start)
    shares = {name: dense(results[name]) for name, (_, dense) in works.items()}
    print(f"{len(REGIONS)} countries at {step} degrees, CPU seconds, best of {ROUNDS}")
    for name in works:
        version = "" if name == "ours" else importlib.metadata.version(name)
        best = min(times[name])
        ratio = best / min(times["ours"])
        off = np.abs(shares[name] - shares["ours"]).max()
        print(f"{name:14}{version:10}{best:9.3f} s  {ratio:8.2f} x  largest difference {off:.1e}")
    for line in missing:
        print(f"not installed: {line}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
