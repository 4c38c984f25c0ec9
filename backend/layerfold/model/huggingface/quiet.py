"""transformers in one thread at a time and without its words and bars on stderr; and the first line
of what it raises.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from layerfold.errors import MissingExtra

# Its loggers are the whole process's, and it imports its modules as they are asked for: a second
# thread would meet them half made (module 'transformers' has no attribute 'AutoTokenizer').
_alone = threading.RLock()


@contextmanager
def quiet() -> Iterator[None]:
    """Transformers is this thread's, shows no progress and reports nothing meanwhile. Around a
    block, or over a function; the first time takes 3 s.

    Raises MissingExtra where it is not installed.
    """
    with _alone, warnings.catch_warnings():
        logging = _logging()
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


def _logging() -> Any:
    try:
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra(
            "models of Hugging Face need more packages: pip install layerfold[hf]"
        ) from error
    return logging


def reason(error: BaseException) -> str:
    """An error's own words, in one line of at most 300 characters."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words[:300]
