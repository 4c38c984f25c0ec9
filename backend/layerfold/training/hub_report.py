"""The report of the newest checkpoint of what a person names."""

from __future__ import annotations

import tempfile
from pathlib import Path

from layerfold.errors import ModelRefused
from layerfold.model.huggingface.report import ModelReport, report_of
from layerfold.runs.checkpoint_files import trouble_of
from layerfold.runs.checkpoint_view import with_config
from layerfold.runs.series import read_series
from layerfold.runs.survey import where_of


def report_of_words(words: str, dtype: str, device: str, pickle: bool) -> ModelReport:
    """The report of the newest checkpoint that words mean; raises what ``read_series`` and opening
    it raise.
    """
    newest = read_series(words).checkpoints[-1]
    with tempfile.TemporaryDirectory() as home:
        one = with_config(newest, Path(home))
        if one.folder is not None and (why := trouble_of(one.folder, pickle)):
            raise ModelRefused(f"{newest.name} cannot be opened: it {why}")
        return report_of(where_of(one), dtype=dtype, device=device, pickle=pickle)
