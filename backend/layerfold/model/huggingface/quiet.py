"""transformers without its words and bars on stderr, and the first line of what it raises."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from layerfold.model.huggingface.library import library

SIGNS: Final = re.compile(r"\x1b\[[\d;]*m")  # of a terminal
_speaking = threading.RLock()  # its loggers are the whole process's


@contextmanager
def quiet() -> Iterator[None]:
    """Transformers shows no progress and reports nothing meanwhile, in any thread."""
    # 3 s: only where a model is opened for the first time
    logging = library("transformers.utils.logging")
    with _speaking, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity(logging.CRITICAL)
        logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.set_verbosity(level)
            if bars:
                logging.enable_progress_bar()


def reason(error: BaseException) -> str:
    """An error's own words, in one line of at most 300 characters."""
    words = " ".join(SIGNS.sub("", str(error)).split()) or type(error).__name__
    words = f"{words} is not known" if isinstance(error, KeyError) else words
    return words[:300]
