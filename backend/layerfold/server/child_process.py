"""The child's half of a workshop: a process that was started by a server works modestly and does
not outlive it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Final

TIED: Final = "_LAYERFOLD_TIED"
"""Set in the environment of a child (no setting of a person's): its stdin is a pipe that stays open
as long as its parent lives.
"""
MODESTY: Final = 10
PATIENCE: Final = 30.0


def tie(patience: float = PATIENCE) -> None:
    """In a workshop's child: others go first, and when the parent is gone SIGTERM comes, after
    ``patience`` seconds the end.
    """
    if os.environ.pop(TIED, None) is None:
        return
    if hasattr(os, "nice"):
        os.nice(MODESTY)
    threading.Thread(target=_watch, args=(patience,), name="tied", daemon=True).start()


def _watch(patience: float) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    end = threading.Timer(patience, os._exit, (1,))
    end.daemon = True
    end.start()
    os.kill(os.getpid(), signal.SIGTERM)
