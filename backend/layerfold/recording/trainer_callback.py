"""Recording a training of Hugging Face's Trainer: ``Trainer(…, callbacks=[RecorderCallback(folder,
texts=…)])``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layerfold.errors import MissingExtra
from layerfold.recording.recorder import Recorder

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise MissingExtra(
        "recording a Trainer needs more packages: pip install layerfold[hf]"
    ) from error

LEFT_OUT = ("runtime", "per_second", "flos", "epoch")
NAMES = {"eval_loss": "val_loss", "learning_rate": "lr"}


class RecorderCallback(TrainerCallback):  # type: ignore[misc]  # its types are not read
    """Records what the Trainer trains into ``out_dir``, with the Trainer's own tokenizer;
    ``options`` are those of ``Recorder``.
    """

    def __init__(self, out_dir: str | Path, texts: Any, **options: Any) -> None:
        self._out_dir, self._texts, self._options = out_dir, texts, options
        self.recorder: Recorder | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """The state before the first step is recorded. Raises InputError, DamagedRun where that
        cannot be: nothing is trained yet.
        """
        options = {"total_steps": state.max_steps or None, **self._options}
        if not hasattr(self._texts, "shape"):
            options.setdefault("tokenizer", given.get("processing_class") or given.get("tokenizer"))
        self.recorder = Recorder(self._out_dir, self._texts, **options)
        self.recorder.log(given.get("model"), state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """A step is recorded if it is time."""
        if self.recorder is not None:
            self.recorder.log(given.get("model"), state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
        """What the Trainer logs of the model goes to the run's metrics."""
        if self.recorder is not None and logs:
            self.recorder.note(state.global_step, **_of_model(logs))

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """The last step is recorded, and the run is whole."""
        if self.recorder is not None:
            self.recorder.log(given.get("model"), state.global_step, now=True)
            self.recorder.close()


def _of_model(logs: Any) -> dict[str, float]:
    """The numbers that tell of the model, by the names that runs of our own use."""
    told = {
        NAMES.get(name, name): value
        for name, value in logs.items()
        if not any(name.endswith(end) for end in LEFT_OUT)
    }
    return {
        name: float(value)
        for name, value in told.items()
        if isinstance(value, int | float) and name not in ("train_loss", "step")
    }
