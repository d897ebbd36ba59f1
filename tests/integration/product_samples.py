"""Files of ten products: the real sample where it is at hand, else a twin of the same make."""

from __future__ import annotations

import csv
import zipfile
from collections import defaultdict
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr

ROOT = Path(__file__).parents[2]
MED = ROOT / "catalog" / "samples" / "dt_med_allsat_phy_l4_2005T2.nc"


def smooth(lat: np.ndarray, lon: np.ndarray, low: float, high: float) -> np.ndarray:
    """A smooth field between two values, missing on an island in the south east."""
    y, x = np.meshgrid(np.linspace(0, 1, len(lat)), np.linspace(0, 1, len(lon)), indexing="ij")
    values = low + (high - low) * (0.5 + 0.3 * np.sin(3 * x + 2 * y) + 0.2 * np.cos(5 * y))
    values[(y - 0.3) ** 2 + (x - 0.7) ** 2 < 0.01] = np.nan
    return values


def write(
    path: Path,
    name: str,
    values: np.ndarray,
    axes: dict[str, np.ndarray],
    kind: str,
    **about: object,
) -> None:
    """Write one variable as an archive does: axes first, packed if `about` says so."""
    units = {"lat": "degrees_north", "lon": "degrees_east", "zlev": "meters"}
    with netCDF4.Dataset(path, "w") as file:
        file.set_auto_maskandscale(False)
        for axis, points in axes.items():
            file.createDimension(axis, len(points))
            variable = file.createVariable(axis, "f8", (axis,))
            variable.units = about.pop("time_units") if axis == "time" else units[axis]
            variable[:] = points
        if "time_bnds" in about:
            file.createDimension("bnds", 2)
            file["time"].bounds = "time_bnds"
            file.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = about.pop("time_bnds")
        fill = about.pop("fill")
        variable = file.createVariable(name, kind, tuple(axes), fill_value=fill, zlib=True)
        variable.set_auto_maskandscale(False)
        variable.setncatts(about)
        packed = (values - about.get("add_offset", 0)) / about.get("scale_factor", 1)
        packed = packed.round() if kind.startswith("i") else packed
        variable[:] = np.where(np.isnan(values), fill, packed).astype(kind)


def soil_moisture(path: Path) -> None:
    lat, lon = np.arange(89, -90, -2.0), np.arange(-179, 180, 2.0)
    write(
        path, "sm", smooth(lat, lon, 0.05, 0.4)[None],
        {"time": np.array([10956.999999999]), "lat": lat, "lon": lon}, "i2",
        time_units="days since 1970-01-01 00:00:00 UTC", fill=-9999, scale_factor=1e-4,
        units="m3 m-3",
    )  # fmt: skip
    with netCDF4.Dataset(path, "a") as file:
        error = file.createVariable(
            "sm_uncertainty", "i2", ("time", "lat", "lon"), fill_value=-9999
        )
        error.setncatts({"units": "m3 m-3", "scale_factor": 1e-4})
        error[:] = 0.02


def oisst(path: Path) -> None:
    lat, lon = np.arange(-88, 89, 4.0), np.arange(0, 360, 4.0)
    write(
        path, "sst", smooth(lat, lon, -1, 30)[None, None],
        {"time": np.array([1460.5]), "zlev": np.zeros(1), "lat": lat, "lon": lon}, "i2",
        time_units="days since 1978-01-01 00:00:00", fill=-999, scale_factor=0.01, units="degree_C",
    )  # fmt: skip


def e_obs(path: Path) -> None:
    lat, lon = np.arange(25.5, 71, 1.0), np.arange(-24.5, 45, 1.0)
    write(
        path, "t", smooth(lat, lon, -10, 12)[None],
        {"time": np.array([36524.0]), "lat": lat, "lon": lon}, "f4",
        time_units="days since 1850-01-01 00:00:00", time_bnds=[[36524.0, 36555.0]],
        fill=np.float32(-1.7e38), units="degC",
    )  # fmt: skip


def era5_pressure(path: Path) -> None:
    lat, lon = np.arange(-87.5, 90, 5), np.arange(-180, 180, 5.0)
    months = np.arange("1940-01", "1942-01", dtype="datetime64[M]").astype("datetime64[D]")
    days = (months - np.datetime64("1850-01-01")).astype(float)
    last = np.append(days[1:], days[-1] + 31)
    values = smooth(lat, lon, 97_000, 104_000) + 100 * np.sin(days)[:, None, None]
    write(
        path, "psl", values, {"time": days, "lat": lat, "lon": lon}, "f4",
        time_units="days since 1850-01-01 00:00:00", time_bnds=np.stack([days, last], 1),
        fill=np.float32(-1.7e38), units="Pa",
    )  # fmt: skip


def stage_iv(path: Path) -> None:
    """Cells about 7 km wide on a polar stereographic plane, without its definition."""
    from pyproj import Transformer

    steps = np.arange(40) * 4762.5
    x, y = np.meshgrid(2_700_000 + steps * 1.6, -5_660_000 + steps * 1.6)
    back = Transformer.from_crs(
        "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=-105 +R=6371200", "EPSG:4326", always_xy=True
    )
    lon, lat = back.transform(x, y)
    rain = np.random.default_rng(1).gamma(0.5, 2, (6, 40, 40)).astype("f4")
    xr.Dataset(
        {
            STAGE_IV: (("time", "y", "x"), rain, {"units": "kg m^-2"}),
            "lat": (("y", "x"), lat.astype("f4"), {"units": "degrees_north"}),
            "lon": (("y", "x"), lon.astype("f4"), {"units": "degrees_east"}),
        },
        {"time": ("time", np.arange(6.0) + 146396, {"units": "Hour since 2001-12-31T23:00:00Z"})},
    ).set_coords(["lat", "lon"]).to_netcdf(path, engine="netcdf4")


STAGE_IV = "Total_precipitation_surface_1_Hour_Accumulation"


def ndvi(path: Path) -> None:
    import rasterio

    step = 231.66
    with rasterio.open(
        path, "w", driver="GTiff", height=11, width=12, count=30, dtype="int16", nodata=-3000,
        crs="+proj=sinu +R=6371007.181 +units=m",
        transform=rasterio.Affine(step, 0, -6044630.96, 0, -step, -1301659.58),
    ) as file:  # fmt: skip
        values = np.random.default_rng(2).integers(2000, 9000, (30, 11, 12)).astype("i2")
        values[3, 2, 2] = -3000
        file.write(values)


def glorys(folder: Path) -> None:
    lat, lon = np.arange(-80, 0.01, 2.0), np.arange(-180, 180, 2.0)
    values = np.clip(smooth(lat, lon, -0.3, 0.9), 0, 1)[None]
    ds = xr.Dataset(
        {"siconc": (("time", "latitude", "longitude"), values, {"units": "1"})},
        {
            "time": (
                "time",
                [622_584],
                {"units": "hours since 1950-01-01", "calendar": "gregorian"},
            ),
            "latitude": ("latitude", lat, {"units": "degrees_north"}),
            "longitude": ("longitude", lon, {"units": "degrees_east"}),
        },
    )
    packing = {"dtype": "i2", "scale_factor": 1e-4, "_FillValue": -32767}
    ds.to_zarr(folder, zarr_format=2, consolidated=True, encoding={"siconc": packing})


def unzipped(path: Path, folder: Path) -> None:
    """Unpack the store that lies in a zip file."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith("/"):
                target = folder / name.partition("/")[2]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))


def mediterranean(folder: Path) -> None:
    """Store ten days of the sample of the catalog, as the archive stores the whole record."""
    with xr.open_dataset(MED, engine="netcdf4", mask_and_scale=False, decode_times=False) as ds:
        part = ds[["adt"]].isel(time=slice(0, 10)).load()
    part["time"] = part["time"].astype("f8")
    for variable in part.variables.values():
        variable.encoding = {}
    part.to_zarr(folder, zarr_format=2, consolidated=True)


def months_of_co2(path: Path | None) -> list[tuple[int, int, float]]:
    """Year, month and mean of the weekly record, or of a made one."""
    if path is None:
        return [(1990 + m // 12, m % 12 + 1, 350 + 0.15 * m) for m in range(36)]
    found: dict[tuple[int, int], list[float]] = defaultdict(list)
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["co2"]:
                found[int(row["date"][:4]), int(row["date"][4:6])].append(float(row["co2"]))
    return [(year, month, float(np.mean(v))) for (year, month), v in sorted(found.items())]


def co2_text(months: list[tuple[int, int, float]]) -> bytes:
    """Write months as the laboratory does."""
    lines = ["# Monthly means, in parts per million of dry air.", "#"]
    lines += ["year,month,decimal date,average,deseasonalized,ndays,sdev,unc"]
    for year, month, value in months:
        decimal = year + (month - 0.5) / 12
        lines.append(f"{year},{month},{decimal:.4f},{value:.2f},{value:.2f},-1,-9.99,-0.99")
    return ("\n".join(lines) + "\n").encode()


def era5_hours(path: Path) -> None:
    """Write hours over the British Isles as GRIB 1."""
    import eccodes

    lat, lon = np.linspace(58, 50, 33), np.linspace(-10, 2, 49)
    field = smooth(lat, lon, 275, 285)
    field[np.isnan(field)] = 280
    with path.open("wb") as stream:
        for hour in range(48):
            handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib1")
            facts = {
                "Ni": 49, "Nj": 33, "latitudeOfFirstGridPointInDegrees": 58.0,
                "longitudeOfFirstGridPointInDegrees": -10.0,
                "latitudeOfLastGridPointInDegrees": 50.0,
                "longitudeOfLastGridPointInDegrees": 2.0, "iDirectionIncrementInDegrees": 0.25,
                "jDirectionIncrementInDegrees": 0.25, "dataDate": 20190301 + hour // 24,
                "dataTime": hour % 24 * 100, "indicatorOfParameter": 167, "table2Version": 128,
                "bitsPerValue": 16,
            }  # fmt: skip
            for key, value in facts.items():
                eccodes.codes_set(handle, key, value)
            eccodes.codes_set_values(handle, (field + hour / 10).ravel())
            eccodes.codes_write(handle, stream)
            eccodes.codes_release(handle)
