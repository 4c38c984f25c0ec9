"""Packages that take seconds to import, brought in at first need by one thread at a time.

transformers puts another module in its own place while it is imported. A thread that imports it
meanwhile waits, and is then given the first one, which has none of the package's names: it would
say of a whole tokenizer that it cannot be read.
"""

from __future__ import annotations

import importlib
import sys
import threading
from typing import Any

_importing = threading.RLock()  # what is imported is the whole process's


def library(name: str) -> Any:
    """The package or module of that dotted name, imported to its end; raises ImportError."""
    with _importing:
        importlib.import_module(name)
        return sys.modules[name]
