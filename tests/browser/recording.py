"""A training that is recorded while a page is open: ``python -m tests.browser.recording FOLDER
[weights]``.

It stops before each step until it may go on: the file ``may`` two folders above holds the last step
that it may take.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.model.tokenizers.byte_level import Tokenizer
from tests.conftest import story

CHECKPOINTS = (0, 1, 2, 3, 4, 6, 8)


def main(folder: Path, weights: bool) -> None:
    """A torch loop as a person writes it, with two lines of Layerfold in it."""
    from layerfold import Recorder

    torch.manual_seed(0)
    text = story(0, 600)
    tokenizer = Tokenizer.train([text], 300)
    ids = torch.tensor(tokenizer.ids([text])[0])
    model = GPT(
        GPTConfig(vocab_size=len(tokenizer), n_layer=1, n_head=2, d_model=24, block_size=64)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    recorder = Recorder(folder, texts=[text], tokenizer=tokenizer, tokens=400, weights=weights)
    for step in range(CHECKPOINTS[-1] + 1):
        while step > int((folder.parent.parent / "may").read_text() or "0"):
            time.sleep(0.05)
        windows = ids[torch.randint(len(ids) - 65, (8, 1)) + torch.arange(65)]
        loss = torch.nn.functional.cross_entropy(
            model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten()
        )
        recorder.log(model, step, now=step in CHECKPOINTS, loss=loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    recorder.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), "weights" in sys.argv)
