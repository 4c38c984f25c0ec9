"""The rotary positions of a Llama 3.1 and later, of which a GGUF file tells no setting: it holds by
how much each frequency is divided, as a tensor, which transformers leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from layerfold.model.huggingface.library import library

DIVISORS: Final = "rope_freqs.weight"
KIND: Final = "llama3"
# as they are published with every Llama 3.1, 3.2 and 3.3; only the factor differs
PUBLISHED: Final = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
CLOSE: Final = 1e-5  # a file holds 32 bits


def take_divisors(config: Any, divisors: Sequence[float]) -> bool:
    """Whether a config computes frequencies divided so, as it does afterwards where the published
    settings of Llama 3 give these very ``divisors``; else it stays as it was.
    """
    plain = getattr(config, "rope_parameters", None)
    if not divisors or not isinstance(plain, dict):
        return False
    wide = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    config.rope_parameters = {**plain, **PUBLISHED, "rope_type": KIND, "factor": max(divisors)}
    try:
        undivided = float(plain["rope_theta"]) ** -(np.arange(0, wide, 2) / wide)
        divided = _frequencies(config)
    except (ImportError, AttributeError, KeyError, TypeError):  # as other versions have it
        config.rope_parameters = plain
        return False
    met = len(divisors) == len(divided) and np.allclose(
        undivided / divided, divisors, rtol=CLOSE, atol=0
    )
    if not met:
        config.rope_parameters = plain
    return met


def _frequencies(config: Any) -> Any:
    """The angle of each pair of numbers from one token to the next, as transformers has it."""
    made = library("transformers.modeling_rope_utils").ROPE_INIT_FUNCTIONS[KIND](config, "cpu")[0]
    return made.double().numpy()
