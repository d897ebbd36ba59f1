"""How much longer `import sco_pipeline` takes than `import xarray`: pairs of fresh interpreters.

Usage: ``python benchmarks/import_time.py [--pairs 15]``.
"""

import argparse
import statistics
import subprocess
import sys
import time


def seconds(code: str) -> float:
    """Time one fresh interpreter that runs `code`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the median of each command and of the difference pair by pair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=15)
    pairs = parser.parse_args().pairs
    seconds("import sco_pipeline")  # fills the caches of files and bytecode
    timed = [(seconds("import xarray"), seconds("import sco_pipeline")) for _ in range(pairs)]
    extra = [ours - theirs for theirs, ours in timed]
    print(f"import xarray        {statistics.median(theirs for theirs, _ in timed):.3f} s")
    print(f"import sco_pipeline  {statistics.median(ours for _, ours in timed):.3f} s")
    print(f"difference           {statistics.median(extra):.3f} s (median of {pairs} pairs)")


if __name__ == "__main__":
    main()
