"""Artifacts that show a product in Prefect's pages: what it is, its files, its maps."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

import sco_pipeline as sco
from flows.plain_text import plain

PICTURES = 4  # of one product; a thumbnail travels inside the artifact
PICTURE_PIXELS = 640


def publish(product: sco.Product) -> list[Path]:
    """Leave the artifacts of a product in the run, and return the paths of its files.

    Parameters
    ----------
    product : Product
        On disk.

    Returns
    -------
    list of Path
        All files of the product.
    """
    key = product.recipe
    create_markdown_artifact(_summary(product), key=f"{key}-product")
    create_table_artifact(
        [
            {"kind": f.kind, "file": f.path, "bytes": f.size, "sha256": f.sha256}
            for f in product.files
        ],
        key=f"{key}-files",
        description=f"Files of {key}",
    )
    create_link_artifact(
        product.directory.resolve().as_uri(), link_text=key, key=f"{key}-directory"
    )
    pictures = [path for path in product.paths() if path.suffix == ".png"]
    for number, path in enumerate(pictures[:PICTURES], start=1):
        create_image_artifact(thumbnail(path), key=f"{key}-picture-{number}", description=path.name)
    return product.paths()


def thumbnail(path: Path) -> str:
    """Return a picture made small, as a ``data:`` address that needs no file server."""
    from PIL import Image

    with Image.open(path) as image:
        image.thumbnail((PICTURE_PIXELS, PICTURE_PIXELS))
        small = io.BytesIO()
        image.convert("RGB").quantize(128).save(small, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(small.getvalue()).decode()}"


def _summary(product: sco.Product) -> str:
    """Return Markdown in which every text of a dataset or a catalog is only text."""
    state = "was up to date" if product.up_to_date else "was made"
    lines = [
        f"# {plain(product.title)}",
        "",
        f"`{product.recipe}` {state}: {len(product.files)} files.",
    ]
    lines += ["", *(f"- **Note:** {plain(caveat)}" for caveat in product.caveats)]
    lines += ["", "| Input | Address | Status | sha256 |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {plain(i.dataset)} | {plain(i.url)} | {plain(i.status)} | {plain(i.sha256)} |"
        for i in product.inputs
    ]
    return "\n".join(lines) + "\n"
