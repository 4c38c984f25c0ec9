"""Text for a model that comes with none: the passages behind the reference of the bundled
storyteller, decoded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from layerfold.atlas.files import open_atlas
from layerfold.data.documents import Documents
from layerfold.errors import CorpusError, DamagedRun, RunNotFound
from layerfold.runs.opening import open_run

RUN: Final = "storyteller"


def bundled_passages(models: Path) -> Documents:
    """English passages of speeches, novels, plays, poems and a dictionary, each with its source;
    raises CorpusError where they are not.
    """
    try:
        run, reference = open_run(models / RUN), open_atlas(models / RUN).reference
        tokenizer = run.tokenizer()
    except (DamagedRun, RunNotFound) as error:
        raise CorpusError(
            f"the text that comes with Layerfold cannot be read ({error}): give a text of your own"
            " with --corpus"
        ) from None
    texts = tuple(tokenizer.decode(window).strip() for window in reference.windows.tolist())
    return Documents(texts, reference.source, {})
