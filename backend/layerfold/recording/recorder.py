"""Recording a training from inside its loop: ``recorder = Recorder(folder, texts=…)``, then
``recorder.log(model, step)``.

What is kept are the states of the texts' tokens at some steps, in an ordinary run folder. The
training is never changed or broken: an error is logged once, and recording stops.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import torch

from layerfold.data.reference_states import reference_states
from layerfold.errors import InputError
from layerfold.recording.cadence import Cadence, kept_row
from layerfold.recording.hooks import Call, Place, Stream, check_sites, stream_of
from layerfold.recording.isolation import sharded, unwrapped
from layerfold.recording.passages import Passages, read_passages, reference_of
from layerfold.recording.rows import Row, given, plain
from layerfold.recording.run_folder import RunFolder
from layerfold.recording.saving import check_opens
from layerfold.records import Floats, Reference, site_named

SHARE: Final = 0.02
TOKENS: Final = 2000
LENGTH: Final = 64
PAUSE: Final = 1.0  # seconds that numbers wait at most before they are written
log = logging.getLogger(__name__)


class Recorder:
    """Records a training into ``out_dir``; nothing is written before the first ``log``, and by the
    first process alone.
    """

    # Eleven parameters, for one call in a person's own script reads better by keywords than by
    # records of ours that it would have to import.
    def __init__(
        self,
        out_dir: str | Path,
        texts: Any,
        *,
        tokenizer: Any = None,
        sites: Mapping[str, Place] | None = None,
        call: Call | None = None,
        every: int | None = None,
        tokens: int = TOKENS,
        length: int = LENGTH,
        weights: bool = False,
        share: float = SHARE,
        total_steps: int | None = None,
    ) -> None:
        """Ready to record ``tokens`` tokens of ``texts``, in windows of at most ``length``.

        ``texts``: strings with a ``tokenizer`` (of Hugging Face, ours, any object with ``encode``,
        or a path to tokenizer.json), or an integer array [window, length] of ids. ``sites``: where
        a plain module keeps its stream, from a site's name to a module's path (its output, the
        first of a tuple; its input after ``input:``; of a module that runs several times in a pass
        its second call by ``path#2``) or a function from the model to the module; ``call(model,
        ids)`` runs it where ``model(ids)`` does not. ``every``: steps between two recordings; by
        itself two an octave, within ``share`` of the training's time (``total_steps`` says how long
        it will be). ``weights``: the checkpoints are kept too, so that sentences can be typed.
        Raises InputError, DamagedRun: what cannot be recorded, or another run in ``out_dir``.
        """
        _check_counts(every=every, tokens=tokens, length=length, total_steps=total_steps)
        if sites is not None and weights:
            raise InputError(
                "the weights of a plain module cannot be opened again: leave out weights=True, its"
                " states are recorded"
            )
        self._passages = read_passages(texts, tokenizer)
        if weights:
            _check_typable(self._passages)
        names = None if sites is None else list(check_sites(sites))
        wanted = {
            "texts": self._passages.digest,
            "tokens": tokens,
            "length": length,
            "sites": names,
            "weights": weights,
        }
        self._folder = RunFolder(Path(out_dir), wanted)
        self._sites, self._call, self._weights = sites, call, weights
        self._tokens, self._length = tokens, length
        self._cadence = Cadence(every, share, total_steps)
        self._reference: Reference | None = None
        self._rows: list[Row] = []
        self._began: float | None = None
        self._written = 0.0
        self._ended = False
        self._process = os.getpid()
        atexit.register(_close, weakref.ref(self))

    @property
    def folder(self) -> Path:
        """Where the run is."""
        return self._folder.folder

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that are recorded."""
        return tuple(self._folder.steps)

    @property
    def seconds(self) -> float:
        """How long recording has taken."""
        return self._cadence.spent

    def log(
        self, model: Any, step: int, *, now: bool = False, loss: Any = None, **numbers: Any
    ) -> None:
        """The states at ``step`` are recorded if it is time, or ``now``; ``loss`` and other numbers
        are kept for the run's metrics.

        Call it at every step, in every process. Never raises, but for what a person does
        (KeyboardInterrupt).
        """
        if self._ended or not _leading():
            return
        try:
            self._log(model, int(step), now, {"loss": loss, **numbers})
        except Exception as error:  # whatever it is, the training goes on
            self._stop(error)

    def note(self, step: int, **numbers: Any) -> None:
        """Numbers of a step are kept for the run's metrics, without a look at the model; never
        raises.
        """
        if self._ended or self._began is None or not _leading():
            return
        try:
            self._keep(step, numbers)
            self._flush(False)
        except Exception as error:
            self._stop(error)

    def close(self) -> None:
        """The run is whole: nothing more is to be expected. Never raises; a second call changes
        nothing.
        """
        if self._ended or os.getpid() != self._process or self._began is None:
            return
        self._ended = True
        try:
            self._flush(True)
            self._folder.finish()
            if self._cadence.passed:
                words = (
                    "recording passed %d chances to keep to %.1f %% of the training's time: give"
                    " every=N or share=… to record more"
                )
                log.info(words, self._cadence.passed, 100 * self._cadence.share)
        except Exception as error:
            log.error("the recording in %s could not be closed: %s", self.folder, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _log(self, model: Any, step: int, now: bool, numbers: Mapping[str, Any]) -> None:
        clock = time.perf_counter()
        if self._began is None:
            self._begin(step, clock)
        assert self._began is not None
        due = self._cadence.due(step, clock - self._began) or (now and step != self._cadence.last)
        if due or kept_row(step):
            self._keep(step, numbers)
        if due:
            self._record(model, step)
            self._cadence.took(step, time.perf_counter() - clock)
        self._flush(due)

    def _begin(self, step: int, clock: float) -> None:
        """The first call: what a broken training recorded before this step stays, the rest will be
        done again.
        """
        gone = self._folder.rewind(step)
        if gone:
            log.warning(
                "%d recorded steps from %d on in %s are replaced", len(gone), gone[0], self.folder
            )
        self._began = clock
        self._cadence.last = max(self._folder.steps, default=None)

    def _record(self, model: Any, step: int) -> None:
        network = unwrapped(model)
        if not isinstance(network, torch.nn.Module):
            raise InputError(
                f"a {type(network).__name__} is no torch module: give the model itself"
            )
        if sharded(network):
            raise InputError(
                "the model is sharded (FSDP, ZeRO-3), and one process alone cannot run it: record a"
                " replicated training"
            )
        vocabulary = self._passages.size
        length = len(self._passages.rows[0]) if self._passages.fixed else self._length
        stream = stream_of(network, self._sites, self._call, vocabulary, length)
        reference = self._chosen(stream)
        states: Floats = reference_states(stream, reference)  # type: ignore[arg-type]
        self._ready(stream, reference, states.shape[-1])
        left = len(self._folder.card["skipped"]) if self._folder.card else 0
        self._folder.add(step, states, stream.model if self._weights else None)
        if self._folder.card and len(self._folder.card["skipped"]) > left == 0:
            log.warning(
                "step %d is not recorded: %s", step, self._folder.card["skipped"][-1]["why"]
            )

    def _chosen(self, stream: Stream) -> Reference:
        """The reference, chosen once."""
        if self._reference is None:
            size, length = int(stream.shape["vocab_size"]), int(stream.shape["block_size"])
            if self._passages.largest >= size:
                raise InputError(
                    f"the texts have token {self._passages.largest}, the model knows {size}: give"
                    " the model's own tokenizer"
                )
            bound = length if self._passages.fixed else min(self._length, length)
            self._reference = reference_of(
                self._passages, self._passages.vocabulary(size), bound, self._tokens
            )
        return self._reference

    def _ready(self, stream: Stream, reference: Reference, width: int) -> None:
        """The folder is there and of this model; raises InputError."""
        if self._weights and stream.shape["weights"] is None:
            raise InputError(
                "the weights of this model cannot be opened again (plain modules, adapters): leave"
                " out weights=True"
            )
        vocabulary = self._passages.vocabulary(int(stream.shape["vocab_size"]))
        layers = 1 + max((site_named(0, name).layer for name in stream.sites), default=-1)
        if self._folder.card is None:
            window = [id for id in reference.windows[0].tolist() if id >= 0]
            stream.shape["causal"] = not stream.sees_ahead(window)
            if self._weights:
                check_opens(stream, window, self._folder.folder.parent)
        else:  # as it was found at the beginning
            stream.shape["causal"] = self._folder.card["architecture"].get(
                "causal", stream.shape["causal"]
            )
        shape = {"kind": "recorded", "n_layer": layers, "d_model": width, **stream.shape}
        self._folder.begin(
            shape,
            list(stream.sites),
            reference,
            vocabulary,
            self._weights and vocabulary.kind != "words",
        )

    def _keep(self, step: int, numbers: Mapping[str, Any]) -> None:
        """A row of numbers waits to be written."""
        row = given(step, numbers)
        if row:
            self._rows.append(row)

    def _flush(self, now: bool) -> None:
        if self._rows and (now or time.perf_counter() - self._written > PAUSE):
            rows, self._rows = self._rows, []
            self._folder.add_rows([plain(row) for row in rows])
            self._written = time.perf_counter()

    def _stop(self, error: Exception) -> None:
        """Recording is over, the training goes on; what is recorded stays."""
        self._ended = True
        what = (
            str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
        )
        steps = len(self._folder.steps)
        log.error(
            "recording into %s stopped, the training goes on (%d steps are kept): %s",
            self.folder,
            steps,
            what,
            exc_info=error,
        )
        try:
            self._folder.finish(what)
        except Exception:  # a full disk, often: the card on it is whole as it was
            log.info("the card in %s could not be written", self.folder)


def _check_counts(**counts: int | None) -> None:
    """Raises InputError for one that is no whole number from 1 on."""
    for name, value in counts.items():
        if value is not None and (not isinstance(value, int) or value < 1):
            raise InputError(f"{name} is {value!r}: give a whole number from 1 on")


def _check_typable(passages: Passages) -> None:
    """Raises InputError where sentences cannot be typed with the passages' tokenizer."""
    if passages.vocabulary(passages.largest + 1).kind == "words":
        raise InputError(
            "sentences cannot be typed with this tokenizer later: leave out weights=True, or"
            " give a tokenizer.json"
        )


def _leading() -> bool:
    """Whether this is the process that writes: the first of a distributed training, or the only
    one.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank() == 0
    return os.environ.get("RANK", "0") == "0"


def _close(held: weakref.ref[Recorder]) -> None:
    recorder = held()
    if recorder is not None:
        recorder.close()
