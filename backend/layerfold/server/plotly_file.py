"""Plotly.js as it lies in the Python package: one version for the page and for exports."""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from layerfold.errors import DamagedRun


class Plotly:
    """The file, its version and its packed bytes; read and packed once, when first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._packed: bytes | None = None

    @classmethod
    def installed(cls) -> Plotly:
        """Plotly.js of the installed ``plotly`` package, which is found but not imported (that
        takes a second).
        """
        spec = find_spec("plotly")
        if spec is None or spec.origin is None:
            raise DamagedRun(
                "The Python package plotly is not installed. Run: pip install layerfold"
            )
        return cls(Path(spec.origin).parent / "package_data" / "plotly.min.js")

    @cached_property
    def version(self) -> str:
        """The version that the file's first lines name."""
        with self.path.open(encoding="utf-8") as file:
            found = re.search(r"v(\d+\.\d+\.\d+\S*)", file.read(200))
        return found[1] if found else "unknown"

    def source(self) -> bytes:
        """The script."""
        return self.path.read_bytes()

    def packed(self) -> bytes:
        """The script in gzip, the same bytes each time."""
        with self._lock:
            if self._packed is None:
                self._packed = gzip.compress(self.source(), compresslevel=6, mtime=0)
            return self._packed

    def tag(self, packed: bool) -> str:
        """The ETag of the script, packed or not."""
        stamp = f"{self.version}-{self.path.stat().st_size}-{self.path.stat().st_mtime_ns}-{packed}"
        return f'"{hashlib.sha256(stamp.encode()).hexdigest()[:32]}"'
