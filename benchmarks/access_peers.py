"""How the download clients are started that sco_pipeline is compared with under faults.

A client is a function from address, target and key to a command. The target is a path that does
not exist yet; a key, where one is given, is sent as the header ``X-API-Key``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Command = Callable[[str, Path, str], list[str]]
HEADER = "X-API-Key"
REFUSED = 3  # exit code of ours for an error that is raised on purpose

# Our own limits are made short, so that a cell ends within the patience of the others. Both hosts
# of the servers are allowed, so that a redirect from one to the other is followed.
OURS = """
import sys
from pathlib import Path
from sco_pipeline.access import fetch
from sco_pipeline.errors import ScoError
from tests.sample_files import REQUEST, entry_for, settings_for
url, target, key, sha, *places = sys.argv[1:]
quick = dict(gap_seconds=5, rate_window_seconds=5, attempts=3, granule_bytes=50 * 2**20)
more = {"sha256": sha} if sha else {}
if key:
    auth = {"scheme": "header", "name": "X-API-Key"}
    more |= {"credential": "key", "options": {"auth": auth}}
entry = entry_for(url, allowed_hosts=places, **more)
tokens = {"key": key} if key else {}
settings = settings_for(Path(target).parent / "state", *places, limits=quick, tokens=tokens)
try:
    (file,) = fetch(entry, REQUEST, settings).files
except ScoError:
    sys.exit(3)
Path(target).hardlink_to(file.path)
"""
POOCH = """
import os, pooch
folder, name = os.path.split(target)
chosen = pooch.HTTPDownloader(headers=headers) if headers else None
pooch.retrieve(url, {sha}, name, folder, downloader=chosen, progressbar=False)
"""
# The session of `earthaccess.login` would ask NASA; what is compared is how a file is downloaded.
EARTHACCESS = """
import pathlib, threading, requests
from earthaccess.store import Store
target = pathlib.Path(target)
session = requests.Session()
session.headers.update(headers)
store = Store.__new__(Store)
store.get_requests_session = lambda: session
store._clone_session_in_local_thread = lambda original: None
store.thread_locals = threading.local()
store.thread_locals.local_thread_session = session
store._download_file(url, target.parent)
"""
MULTIURL = "import multiurl; multiurl.download(url, target, http_headers=headers)"
FSSPEC = """
import fsspec
fsspec.filesystem("http", headers=headers).get_file(url, target)
"""
REQUESTS = """
import requests
answer = requests.get(url, headers=headers, stream=True)
answer.raise_for_status()
with open(target, "wb") as file:
    for piece in answer.iter_content(65536):
        file.write(piece)
"""
HTTPX = """
import httpx
with httpx.stream("GET", url, headers=headers, follow_redirects=True) as answer:
    answer.raise_for_status()
    with open(target, "wb") as file:
        for piece in answer.iter_bytes():
            file.write(piece)
"""
# name in the table -> package, script
PACKAGES = {
    "pooch": ("pooch", POOCH.format(sha="None")),
    "pooch + sha256": ("pooch", POOCH.format(sha="'sha256:' + sha")),
    "earthaccess": ("earthaccess", EARTHACCESS),
    "multiurl": ("multiurl", MULTIURL),
    "fsspec": ("fsspec", FSSPEC),
    "requests": ("requests", REQUESTS),
    "httpx": ("httpx", HTTPX),
}
# name in the table -> options before the address; {path}, {folder}, {name} and {sha} are filled in
PROGRAMS = {
    "rclone": ("rclone", "copyurl {url} {path}", "--header", "{key}"),
    "aria2c + sha256": (
        "aria2c", "-q -d {folder} -o {name} --checksum=sha-256={sha} {url}", "--header", "{key}",
    ),
    "wget": ("wget", "-q -O {path} {url}", "--header", "{key}"),
    "wget2": ("wget2", "-q -O {path} {url}", "--header", "{key}"),
    "curl": ("curl", "-sfL --retry 3 -o {path} {url}", "-H", "{key}"),
}  # fmt: skip


def ours(sha256: str, places: tuple[str, ...]) -> dict[str, Command]:
    """Return how sco_pipeline is started, with and without a checksum in the catalog entry."""
    return {
        "sco_pipeline + sha256": lambda url, path, key: [
            sys.executable, "-c", OURS, url, str(path), key, sha256, *places
        ],
        "sco_pipeline": lambda url, path, key: [
            sys.executable, "-c", OURS, url, str(path), key, "", *places
        ],
    }  # fmt: skip


def peers(python: str, sha256: str) -> dict[str, Command]:
    """Return how each client is started that is there.

    Parameters
    ----------
    python : str
        Interpreter with the packages of ``requirements-peers-access.txt``.
    sha256 : str
        What the file must hash to, for the clients that take a checksum.
    """
    there = versions(python)
    found: dict[str, Command] = {}
    for name, (package, code) in PACKAGES.items():
        if package in there:
            found[name] = _script(python, code, sha256)
    for name, (program, *line) in PROGRAMS.items():
        if program in there:
            found[name] = _line(program, *line, sha256)
    return found


def versions(python: str) -> dict[str, str]:
    """Return the versions of the packages and programs that are there."""
    packages = sorted({package for package, _ in PACKAGES.values()})
    ask = (
        "import importlib.metadata as m, json, sys\n"
        "found = {d.metadata['Name'].lower(): d.version for d in m.distributions()}\n"
        f"print(json.dumps({{n: found[n] for n in {packages!r} if n in found}}))"
    )
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    for program, *_ in PROGRAMS.values():
        if shutil.which(program):
            done = subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=True
            )
            number = re.search(r"\d+\.\d[\w.-]*", done.stdout)
            found[program] = number[0] if number else "of unknown version"
    return found


def _script(python: str, code: str, sha256: str) -> Command:
    head = f"import sys\nurl, target, key = sys.argv[1:]\nsha = {sha256!r}\n"
    head += f"headers = {{{HEADER!r}: key}} if key else {{}}\n"
    return lambda url, path, key: [python, "-c", head + code, url, str(path), key]


def _line(program: str, line: str, option: str, form: str, sha256: str) -> Command:
    def command(url: str, path: Path, key: str) -> list[str]:
        given = [option, form.format(key=f"{HEADER}: {key}")] if key else []
        filled = line.format(url=url, path=path, folder=path.parent, name=path.name, sha=sha256)
        return [program, *given, *filled.split()]

    return command
