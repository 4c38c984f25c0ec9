"""Small random models of many architectures of transformers; `python -m tests.model.architectures`
writes docs/reference/models.md.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any, Final

import torch

from layerfold.model.huggingface import Where
from layerfold.model.huggingface.report import ModelReport, report_of
from tests.model.hub_models import backend_of, keep_tokenizer

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "models.md"
KINDS: Final = (
    "albert",
    "apertus",
    "arcee",
    "bart",
    "bert",
    "biogpt",
    "bloom",
    "camembert",
    "cohere",
    "cohere2",
    "convbert",
    "ctrl",
    "data2vec-text",
    "deberta",
    "deberta-v2",
    "diffllama",
    "distilbert",
    "electra",
    "ernie4_5",
    "esm",
    "exaone4",
    "falcon",
    "falcon_mamba",
    "fnet",
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3_text",
    "glm",
    "glm4",
    "gpt2",
    "gpt_bigcode",
    "gpt_neo",
    "gpt_neox",
    "gpt_oss",
    "granite",
    "granitemoe",
    "helium",
    "jamba",
    "lfm2",
    "llama",
    "mamba",
    "mamba2",
    "ministral",
    "mistral",
    "mixtral",
    "modernbert",
    "mpnet",
    "mpt",
    "mt5",
    "nanochat",
    "nemotron",
    "nomic_bert",
    "olmo",
    "olmo2",
    "olmo3",
    "olmoe",
    "openai-gpt",
    "opt",
    "phi",
    "phi3",
    "phimoe",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_moe",
    "qwen3_next",
    "recurrent_gemma",
    "roberta",
    "roformer",
    "rwkv",
    "seed_oss",
    "smollm3",
    "stablelm",
    "starcoder2",
    "switch_transformers",
    "t5",
    "vaultgemma",
)
WORDS: Final = 420
WIDE: Final = (
    "hidden_size",
    "d_model",
    "n_embd",
    "dim",
    "embedding_size",
    "word_embed_proj_dim",
    "lru_width",
    "attention_hidden_size",
)
INNER: Final = (
    "intermediate_size",
    "ffn_dim",
    "d_ff",
    "hidden_dim",
    "n_inner",
    "encoder_ffn_dim",
    "decoder_ffn_dim",
    "ffn_hidden_size",
)
DEEP: Final = (
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "encoder_layers",
    "decoder_layers",
    "num_decoder_layers",
)
HEADED: Final = (
    "num_attention_heads",
    "n_head",
    "n_heads",
    "num_heads",
    "encoder_attention_heads",
    "decoder_attention_heads",
)
LONG: Final = ("max_position_embeddings", "n_positions")
SMALL: Final = {
    **dict.fromkeys(WIDE, 32),
    **dict.fromkeys(INNER, 64),
    **dict.fromkeys(DEEP, 2),
    **dict.fromkeys(HEADED, 4),
    **dict.fromkeys(LONG, 64),
    "vocab_size": WORDS,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "d_kv": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 0,
    "num_experts": 4,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32,
    "state_size": 8,
    "sliding_window": 8,
    "attention_types": [[["global", "local"], 1]],
}
MORE: Final[dict[str, dict[str, Any]]] = {
    "mamba2": {"num_heads": 8, "head_dim": 8, "n_groups": 1, "chunk_size": 16},
    "recurrent_gemma": {"num_hidden_layers": 3},
}


def config_of(kind: str) -> Any:
    """A small config of an architecture."""
    from transformers import CONFIG_MAPPING

    made: Any = CONFIG_MAPPING[kind]
    if kind == "gemma3":
        seen = {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
        }
        seen |= {"image_size": 28, "patch_size": 14}
        return made(
            text_config=config_of("gemma3_text").to_dict(),
            vision_config=seen,
            mm_tokens_per_image=4,
        )
    known = set(made.__dataclass_fields__)
    return made(
        **{name: value for name, value in {**SMALL, **MORE.get(kind, {})}.items() if name in known}
    )


def written(kind: str, folder: Path) -> Path:
    """The folder holds a small model of an architecture, its weights random, none of them at nought
    or one.
    """
    from transformers.models.auto import modeling_auto as auto

    config = config_of(kind)
    lists = (
        auto.MODEL_FOR_MASKED_LM_MAPPING,
        auto.MODEL_FOR_CAUSAL_LM_MAPPING,
        auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    )
    made: Any = next(found[type(config)] for found in lists if type(config) in found)
    torch.manual_seed(0)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of transformers about itself
        network = (made[0] if isinstance(made, tuple) else made)(config)
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
        network.save_pretrained(folder)
    return keep_tokenizer(backend_of("bytes"), folder)


def row_of(kind: str, report: ModelReport) -> str:
    """What the page says of an architecture."""
    mid = "✓" if any(site.endswith("mid") for site in report.sites) else "–"
    sight = "before" if report.causal else "all"
    lens = "✓" if report.unembedding else "–"
    apart = "✓" if report.attention != "not told apart" else "–"
    fed = {"an MLP": "MLP", "experts": "experts"}.get(report.feed_forward, "–")
    agrees = "≤ 1e-5" if report.right else "**differs**"
    return (
        f"| `{kind}` | {report.made} | ✓ | {mid} | {apart} | {fed} | {sight} | {lens} | {agrees} |"
    )


HEAD: Final = """# Models

What `layerfold verify-model` finds of small random models of these architectures, opened by
transformers. Any other that returns `hidden_states` is opened in the same way: nothing here is
known by name. Generated by `python -m tests.model.architectures`; a test makes every row anew.

*Blocks*: states at the embedding and after each block. *Mid*: the state between a block's two
halves (none where both read one state, or a block has but one). *Heads*: the matrices of attention
and its heads are told apart. *Feed-forward*: its matrices are told apart (MLP), or it is a mixture
(experts). *Sees*: the tokens that a token's state depends on. *Lens*: states can be read as logits
(of an encoder with a decoder, the encoder is shown; `#decoder` after the model's name opens the
decoder as a stream of its own). *States, logits*: the largest difference from transformers' own
pass over the largest number.

| model_type | class | blocks | mid | heads | feed-forward | sees | lens | states, logits |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def main() -> None:
    """The page is written."""
    rows = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(row_of(kind, report_of(Where(written(kind, Path(folder))))))
            print(rows[-1], flush=True)
    PAGE.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
