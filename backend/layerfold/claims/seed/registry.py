"""Which function computes which claim of the seed, in the order in which they are computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from layerfold.claims.seed.finding import Finding
from layerfold.claims.seed.subject import Subject

Compute = Callable[[Subject, Mapping[str, float]], Finding]

CLAIMS: Final[Mapping[str, tuple[str, str]]] = {
    "1.1a": ("dimension", "low_dimension"),
    "1.3b": ("dimension", "effective_dimension"),
    "1.2c": ("axis", "gender_axis"),
    "1.3a": ("senses", "senses_part"),
    "2.4a": ("depth", "first_layer"),
    "2.4c": ("depth", "top_predicts"),
    "2.5b": ("matrices", "low_rank"),
    "1.2a": ("course", "subspace"),
    "1.2b": ("clusters", "words_cluster"),
    "1.2d": ("course", "loss_shapes"),
    "1.4a": ("probing", "classes_untangle"),
    "1.5a": ("edges", "near_is_known"),
    "1.5b": ("edges", "adversarial_leaves"),
    "1.5c": ("smaller", "room_to_shrink"),
    "2.1a": ("attending", "verb_to_subject"),
    "2.1b": ("matrices", "head_subspaces"),
    "2.1c": ("bending", "mlp_bends"),
    "2.1d": ("bending", "neurons_extract"),
    "2.1e": ("stream", "residual_keeps"),
    "2.1f": ("stream", "norm_evens"),
    "2.2a": ("pushing", "attention_adjusts"),
    "2.2b": ("pushing", "classes_part"),
    "2.2c": ("pushing", "to_the_center"),
    "2.2d": ("attending", "reference_adjusts"),
    "2.3a": ("training", "momentum_damps"),
    "2.3b": ("optimizer", "frequent_small"),
    "2.3c": ("training", "decay_prevents"),
    "2.5a": ("diffeomorphism", "layers_invert"),
    "2.5c": ("course", "least_energy"),
    "1.1b": ("ruling", "grammar_rules"),
    "1.1c": ("ways", "continuous_way"),
    "1.3c": ("generating", "markov_walk"),
    "1.4b": ("optimizer", "riemannian_flow"),
    "2.4b": ("clusters", "middle_clusters"),
}


def compute_of(claim: str) -> Compute:
    """The function of a claim."""
    module, name = CLAIMS[claim]
    found: Compute = getattr(import_module(f"layerfold.claims.seed.{module}"), name)
    return found
