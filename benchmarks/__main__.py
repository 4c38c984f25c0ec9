"""Runs benchmarks and keeps what they found: ``python -m benchmarks [--json] [--smoke] [NAME…]``.

A benchmark is a file here with ``run() -> dict`` (what was measured, plain numbers) and
``table(found) -> str`` (the same for a person); ``plot(found) -> str`` draws it as SVG where that
says more; ``SMOKE`` names the sizes at which it takes seconds, for a look at whether it runs.
What it found is kept in ``benchmarks/results/NAME.json`` with the machine it was found
on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
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
    parser.add_argument(
        "--smoke", action="store_true", help="a few seconds of each; what they find is not kept"
    )
    wanted = parser.parse_args()
    unknown = sorted(set(wanted.names) - set(names()))
    if unknown:
        print(
            f"layerfold: no benchmark {unknown[0]!r}: choose among {', '.join(names())}",
            file=sys.stderr,
        )
        return 2
    act = smoke if wanted.smoke else measure
    return max((act(name, wanted.json) for name in wanted.names or names()), default=0)


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


def smoke(name: str, as_json: bool = False) -> int:
    """Runs one benchmark at sizes that take seconds, and prints its table (or JSON): that it
    runs is all that is learnt. Raises what it raises.
    """
    print(f"— {name}, smoke —", file=sys.stderr, flush=True)
    module = importlib.import_module(f"benchmarks.{name}")
    with at_smoke_size(module):
        found = module.run()
        drawn = module.plot(found) if hasattr(module, "plot") else ""
        text = module.table(found)
    assert not drawn or drawn.startswith("<svg"), f"{name} draws no SVG"
    print(json.dumps(found, default=float) if as_json else text, flush=True)
    return 0


@contextmanager
def at_smoke_size(module: ModuleType) -> Iterator[None]:
    """The benchmark's sizes are those of its ``SMOKE``."""
    sizes: dict[str, Any] = module.SMOKE
    whole = {name: getattr(module, name) for name in sizes}
    vars(module).update(sizes)
    try:
        yield
    finally:
        vars(module).update(whole)


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
