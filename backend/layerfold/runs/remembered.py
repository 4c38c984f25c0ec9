"""What was worked out of files once, kept beside a run under the name of what it was made of."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from layerfold.files.atomic import write_atomically
from layerfold.runs.checkpoint_files import read_object


def remembered(kept: Path, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``kept`` has under a name, made and put there where it has nothing; where nothing can
    be written it costs time, nothing else.
    """
    known = read_object(kept).get(name)
    if isinstance(known, dict):
        return known
    found = make()
    with contextlib.suppress(OSError):
        # read again: what was made may have kept something itself
        whole = {**read_object(kept), name: found}
        write_atomically(kept, json.dumps(whole, indent=1).encode() + b"\n")
    return found
