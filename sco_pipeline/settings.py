"""What differs from machine to machine: directories, dask, credentials, limits.

Every field can be set by an environment variable with the prefix ``SCO_`` or by an argument.
"""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_cache_path
from pydantic import BaseModel, ByteSize, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from .memory import installed

_PACKAGED_CATALOG = Path(__file__).parent / "catalog" / "entries"
_CLONE_CATALOG = Path(__file__).parent.parent / "catalog"


def default_catalog_dir() -> Path:
    """Return the catalog inside an installed package, or beside it in a clone."""
    return _PACKAGED_CATALOG if _PACKAGED_CATALOG.is_dir() else _CLONE_CATALOG


class Limits(BaseModel):
    """Bounds on every download; small ones make the tests of faults quick."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect_seconds: float = 10.0
    gap_seconds: float = Field(60.0, description="longest silence between two pieces of a body")
    slowest_rate: float = Field(1000.0, description="bytes per second, over `rate_window_seconds`")
    rate_window_seconds: float = 60.0
    granule_seconds: float = 7200.0
    attempts: int = 5
    backoff_seconds: float = Field(
        1.0, description="first wait between attempts; doubles each time"
    )
    redirects: int = 5
    retry_after_seconds: float = Field(
        300.0, description="longest Retry-After obeyed inside a step"
    )
    granule_bytes: int = 20 * 2**30
    connections_per_host: int = 4
    requests_per_second: float = Field(10.0, description="per host, held without any server")
    check_seconds: float = Field(60.0, description="for the first opening of a fetched file")
    check_bytes: int = Field(2 * 2**30, description="address space of the process that opens it")
    declared_bytes: int = Field(
        4 * 2**30, description="size that a file may declare beyond `declared_ratio`"
    )
    declared_ratio: float = Field(1000.0, description="declared size by stored size")
    chunk_bytes: int = Field(256 * 2**20, description="largest chunk, decoded")
    archive_members: int = 1000
    archive_ratio: float = Field(200.0, description="unpacked size by packed size")


class Settings(BaseSettings):
    """Settings of this machine.

    Examples
    --------
    >>> Settings(output_dir="/tmp/products").output_dir.name
    'products'
    """

    model_config = SettingsConfigDict(
        env_prefix="SCO_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    catalog_dir: Path = Field(default_factory=default_catalog_dir)
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("sco_pipeline"))
    output_dir: Path = Path("outputs")
    dask: str = Field(
        "threads", description="'threads', a scheduler address, or a YAML file naming a cluster"
    )
    memory_limit: ByteSize = Field(
        default_factory=lambda: ByteSize(installed() // 2),
        description="bytes that computing may take, such as 4GB; by default half of the memory",
    )
    offline: bool = Field(False, description="use the cache alone")
    mirrors: dict[str, str] = Field(
        default_factory=dict, description="host of an archive -> base address that replaces it"
    )
    private_hosts: frozenset[str] = Field(
        frozenset(), description="private or loopback hosts (with port) that may be connected to"
    )
    tokens: dict[str, SecretStr] = Field(
        default_factory=dict, description="credential scope -> token; never logged or recorded"
    )
    netrc: Path | None = Field(None, description="netrc file; by default ~/.netrc")
    token_dir: Path | None = Field(
        None, description="directory with one file a credential scope, such as /run/secrets"
    )
    recheck_days: float = Field(
        1.0, description="how long a fetched file is used without asking whether it changed"
    )
    rehash_days: float = Field(
        30.0, description="how long a file above 1 GB is trusted by size and time alone"
    )
    limits: Limits = Limits()
