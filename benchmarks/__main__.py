"""Runs benchmarks and keeps what they found: ``python -m benchmarks [--json] [NAME…]``.

A benchmark is a file here with ``run() -> dict`` (what was measured, plain numbers) and
``table(found) -> str`` (the same for a person); ``plot(found) -> str`` draws it as SVG where that
says more. What it found is kept in ``benchmarks/results/NAME.json`` with the machine it was found
on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VERSIONS = ("layerfold", "torch", "numpy", "umap-learn", "plotly")


def main() -> int:
    """Runs the benchmarks that were named, or all; 2 for an unknown name, 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="layerfold bench", description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names())}")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    wanted = parser.parse_args()
    unknown = sorted(set(wanted.names) - set(names()))
    if unknown:
        print(
            f"layerfold: no benchmark {unknown[0]!r}: choose among {', '.join(names())}",
            file=sys.stderr,
        )
        return 2
    return max((measure(name, wanted.json) for name in wanted.names or names()), default=0)


def names() -> list[str]:
    """The benchmarks that are here, by name: the modules that can be run."""
    return sorted(
        path.stem for path in HERE.glob("*.py") if "\ndef run(" in path.read_text("utf-8")
    )


def measure(name: str, as_json: bool) -> int:
    """Runs one benchmark, prints its table (or JSON) and keeps the result; 1 if it could not be run
    here.
    """
    print(f"— {name} —", file=sys.stderr, flush=True)
    module = importlib.import_module(f"benchmarks.{name}")
    try:
        found = module.run()
    except Exception as error:  # one benchmark that cannot run here must not hide the others
        print(f"layerfold: benchmark {name} failed: {error}", file=sys.stderr)
        return 1
    whole = {"benchmark": name, "machine": machine(), "found": found}
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(
        json.dumps(whole, indent=1, ensure_ascii=False, default=float) + "\n", "utf-8"
    )
    if hasattr(module, "plot"):
        (folder / f"{name}.svg").write_text(module.plot(found), "utf-8")
    print(json.dumps(whole, default=float) if as_json else module.table(found), flush=True)
    return 0


def machine() -> dict[str, Any]:
    """What the figures depend on: cores, system, versions, day."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS},
        "day": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    sys.exit(main())
