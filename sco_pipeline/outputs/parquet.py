"""All series of a product as one Parquet table, for pandas, R, DuckDB and the like."""

from __future__ import annotations

import json
from pathlib import Path

import xarray as xr

from ..catalog import Recipe
from ..errors import OutputError
from .atomic import replacing
from .long_table import LABELS, long_table
from .series_table import series_of
from .writer import writer


@writer("parquet")
def write_parquet(product: xr.Dataset, recipe: Recipe, directory: Path) -> list[Path]:
    """Write ``<recipe id>-series.parquet``: one row for each variable, region and step.

    Parameters
    ----------
    product : Dataset
        Described product.
    recipe : Recipe
        Names the file.
    directory : Path
        Of the product.

    Returns
    -------
    list of Path
        The one file; none for a product that is only on a grid. The product's attributes are
        JSON under ``product`` in the metadata of the schema, the hash of the regions' geometry is
        under ``geometry_sha256``, what a column holds under ``label``.

    Raises
    ------
    OutputError
        If pyarrow is not installed, or the file cannot be written.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise OutputError(
            "the format 'parquet' needs pyarrow; install sco-pipeline[parquet] or leave it out"
        ) from error
    tables = []
    for series in series_of(product):
        table = long_table(series, product)
        if series.axis is not None and "start" not in table:
            table = table.rename(columns={series.axis: "step"})
        table.insert(0, "variable", series.name)
        table.insert(1, "units", str(series.da.attrs.get("units", "")))
        tables.append(pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata())
    if not tables:
        return []
    whole = pa.concat_tables(tables, promote_options="permissive")
    for number, column in enumerate(whole.schema):
        label = LABELS.get(column.name)
        if label:
            described = column.with_metadata({"label": label})
            whole = whole.set_column(number, described, whole.column(number))
    about = {"product": json.dumps({k: str(v) for k, v in product.attrs.items()})}
    if "region" in product.coords:
        about["geometry_sha256"] = str(product["region"].attrs.get("geometry_sha256", ""))
    path = directory / f"{recipe.id}-series.parquet"
    with replacing(path, whole.nbytes) as temporary:
        pq.write_table(whole.replace_schema_metadata(about), temporary)
        if not pq.read_table(temporary).equals(whole):
            raise OutputError(f"{path} reads back with other values; check the disk")
    return [path]
