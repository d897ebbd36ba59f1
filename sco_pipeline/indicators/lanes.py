"""From variables that can be read piece by piece to results: a few lanes, and one task that joins.

On this machine one lane does everything, with all threads. On a dask cluster there are several:
years apart, or rows apart where an index needs the whole record. The graph grows with neither the
files nor the indices' periods.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..packed import Counter, PackedSource, Unpacked, source_key
from .blocks import Job, join_blocks
from .days import Frame
from .lane import compute_lane
from .limits import Limits

if TYPE_CHECKING:
    import dask.array as da

LANES_A_THREAD = 2
"""Lanes for each thread of a cluster, so that a slow one does not hold up the others."""


@dataclass(frozen=True)
class Part:
    """What one lane does: some blocks of years, of some rows of the first dimension of space."""

    blocks: tuple[Frame, ...]
    rows: slice


def compute_now(
    job: Job,
    frame: Frame,
    fields: Sequence[xr.DataArray],
    south: xr.DataArray | None,
    limits: Limits,
) -> np.ndarray:
    """Return the results of variables in memory: (slot, period, *space)."""
    sources = [Unpacked(field.values) for field in fields]
    part = Part(blocks_of(frame), _all_rows(fields[0]))
    job = replace(job, joins=len(part.blocks) > 1)
    done = _run(sources, job=job, part=part, south=_south(south, part), limits=limits)
    return _join([done], job=job, parts=[part])


def compute_lazily(
    job: Job,
    frame: Frame,
    fields: Sequence[xr.DataArray],
    south: xr.DataArray | None,
    limits: Limits,
    counters: Mapping[str, Counter],
) -> tuple[list[da.Array], dict[str, da.Array]] | None:
    """Return the results as dask arrays (period, *space), one for each slot, and what was counted.

    None if a variable cannot be read piece by piece. Nothing is counted where several lanes share
    the years or the rows.
    """
    import dask.array as da
    from dask.base import tokenize
    from dask.delayed import delayed

    sources = [source_node(field) for field in fields]
    if any(source is None for source in sources):
        return None
    parts = _parts(frame, fields[0])
    job = replace(job, joins=frame.base is None and frame.axis.years > 1)
    names = [field.data.name if field.chunks else field.values for field in fields]
    token = tokenize(names, job, frame, south)
    counting = tuple(map(counters.get, job.variables)) if len(parts) == 1 and counters else ()
    lanes = []
    for number, part in enumerate(parts):
        run = partial(
            _run, job=job, part=part, south=_south(south, part), limits=limits, counters=counting
        )
        name = f"sco-lane-{number}-{token}"
        lanes.append(delayed(run, name=f"{name}-run", traverse=False)(sources, dask_key_name=name))
    join = partial(_join, job=job, parts=parts)
    name = f"sco-indices-{token}"
    whole = delayed(join, name=f"{name}-join", traverse=False)(lanes, dask_key_name=name)
    shape = (len(frame.periods), *fields[0].shape[1:])
    meta = np.empty((0,) * len(shape), dtype=job.dtype)
    found = [da.from_delayed(whole[slot], shape, meta=meta) for slot in range(job.slots)]
    cells = math.prod(fields[0].shape[1:])
    return found, _counted(lanes[0], counting, cells, token)


def _counted(
    lane: Any, counting: Sequence[Counter | None], cells: int, token: str
) -> dict[str, da.Array]:
    """Return what the counters of the only lane have counted, by their names."""
    import dask.array as da
    from dask.delayed import delayed

    found = {}
    for at, counter in enumerate(counting):
        if counter is not None:
            name = f"sco-{counter.name}-{token}"
            total = partial(_total, counter=counter, at=at, cells=cells)
            one = delayed(total, name=f"{name}-total", traverse=False)(lane, dask_key_name=name)
            found[counter.name] = da.from_delayed(one, (counter.size,), np.int64)
    return found


def _total(done: Any, *, counter: Counter, at: int, cells: int) -> np.ndarray:
    """Return what one counter has counted of all rows of a lane."""
    return counter.total(done[2][at], cells)


def source_node(field: xr.DataArray) -> Any:
    """Return a variable as a source, as a node of a graph where it is one; None if it is not."""
    from dask.delayed import Delayed
    from dask.highlevelgraph import HighLevelGraph

    if field.chunks is None:
        return Unpacked(field.values)
    key = source_key(field.data)
    if key is None:
        return None
    graph = HighLevelGraph({key: field.data.dask.layers[key]}, {key: set()})
    return Delayed(key, graph)


def _run(
    sources: Sequence[PackedSource],
    *,
    job: Job,
    part: Part,
    south: np.ndarray | None,
    limits: Limits,
    counters: Sequence[Counter | None] = (),
) -> tuple[np.ndarray, np.ndarray, list[list[Any]]]:
    """Compute one lane."""
    return compute_lane(
        sources,
        job=job,
        blocks=part.blocks,
        rows=part.rows,
        south=south,
        limits=limits,
        counters=counters,
    )


def _join(
    done: Sequence[tuple[np.ndarray, np.ndarray, list[list[Any]]]],
    *,
    job: Job,
    parts: Sequence[Part],
) -> np.ndarray:
    """Put the results of lanes together, along the periods or along the rows."""
    along = 1 if parts[0].rows == parts[-1].rows else 2
    values = [lane[0] for lane in done]
    whole = values[0] if len(values) == 1 else np.concatenate(values, axis=along)
    if job.joins:
        edges = [lane[1] for lane in done]
        lengths = [len(block.periods) for part in parts for block in part.blocks]
        flat = whole.reshape(*whole.shape[:2], -1)
        join_blocks(job, lengths, flat, edges[0] if len(edges) == 1 else np.concatenate(edges))
    return whole


def _parts(frame: Frame, field: xr.DataArray) -> list[Part]:
    """Return the lanes: one on this machine, several on a cluster."""
    blocks, rows = blocks_of(frame), _all_rows(field)
    workers, threads = cluster_size()
    if len(blocks) > 1:
        cuts = _cuts(len(blocks), threads * LANES_A_THREAD)
        return [Part(blocks[low:high], rows) for low, high in cuts]
    # every lane of rows may have to decode all chunks: no more lanes than workers
    cuts = _cuts(rows.stop, workers)
    return [Part(blocks, slice(low, high)) for low, high in cuts]


def _cuts(size: int, count: int) -> list[tuple[int, int]]:
    """Cut ``0:size`` into `count` ranges that are not empty."""
    edges = np.linspace(0, size, max(1, min(count, size)) + 1).astype(int).tolist()
    return list(itertools.pairwise(edges))


def blocks_of(frame: Frame) -> tuple[Frame, ...]:
    """Return the years one by one; the whole record where an index has a base period."""
    if frame.base is not None:
        return (frame,)
    return tuple(replace(frame, first=year, last=year + 1) for year in range(frame.axis.years))


def _all_rows(field: xr.DataArray) -> slice:
    """Return all rows of the first dimension of space."""
    return slice(0, field.shape[1] if field.ndim > 1 else 1)


def _south(south: xr.DataArray | None, part: Part) -> np.ndarray | None:
    """Return the hemisphere of the rows of a lane."""
    if south is None:
        return None
    values = np.asarray(south.values)
    return values[part.rows] if values.ndim else values


def cluster_size() -> tuple[int, int]:
    """Return workers and threads of the dask cluster that computes, or 1 and no threads."""
    if "distributed" not in sys.modules:
        return 1, 0
    from distributed import get_client

    try:
        threads = get_client().nthreads()  # type: ignore[no-untyped-call]  # of distributed
    except ValueError:
        return 1, 0
    return max(1, len(threads)), sum(threads.values())
