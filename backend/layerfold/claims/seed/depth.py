"""2.4a and 2.4c: what the first layer takes in, and how early the top agrees with the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from layerfold.claims.seed.finding import (
    Finding,
    Triple,
    Untestable,
    by_sites,
    flat,
    line,
    mean_of,
    p_of,
    triple,
    verdict_of,
)
from layerfold.claims.seed.probing import Read, probed_tokens, read_sites
from layerfold.claims.seed.subject import Subject
from layerfold.geometry.comparison import cka
from layerfold.geometry.trust import spearman
from layerfold.interp.attention import patterns
from layerfold.interp.interval import DRAWS, Doubles, packed, resamples
from layerfold.interp.logit_lens import log_softmax

TOKENS: Final = 300  # read by the lens
LEAST: Final = 8  # tokens of a sentence in which distance means something


def first_layer(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.4a: attention's reach in the first layer over the later ones', and parts of speech."""
    if subject.run.n_layer < 2:
        raise Untestable("one_layer")
    if subject.task is not None or subject.language != "en":
        raise Untestable("no_tagged")
    probed = probed_tokens(subject)
    reaches = {step: reach(subject, step) for step in subject.every}
    ratios = {step: ratio_of(one) for step, one in reaches.items()}
    value, draws = ratios[subject.last]
    read = read_sites(subject, probed, subject.last)
    accuracy = read.right.mean(axis=1)
    selectivity = read.selectivity.mean(axis=1)
    after = subject.sites.index("L0.post") if "L0.post" in subject.sites else 1
    share = float(accuracy[after] / accuracy.max())
    even = float(even_reach(subject.windows.shape[1]) / reaches[subject.last][1:].mean())
    near = value[2] < bars["ratio"]
    return Finding(
        verdict=verdict_of(near and share >= bars["share"], near),
        value=list(value),
        at_step=subject.last,
        series=line("2.4a", {step: one[0] for step, one in ratios.items()}),
        controls=[
            flat("all_layers", even),
            flat("step0", ratios[subject.first][0]),
            flat("pos_share", share),
            flat("best_selectivity", float(selectivity.argmax() / (len(selectivity) - 1))),
        ],
        by_site=by_sites(subject.sites, [mean_of(one, probed.groups) for one in read.right]),
        p=p_of(-draws, -bars["ratio"]),
        numbers=_told(subject, read, after, reaches[subject.last]),
        view={"site": "L0.post", "inside": "attention"},
    )


def _told(subject: Subject, read: Read, after: int, reaches: Doubles) -> dict[str, float | str]:
    accuracy, selectivity = read.right.mean(axis=1), read.selectivity.mean(axis=1)
    return {
        "near": float(reaches[0].mean()),
        "far": float(reaches[1:].mean()),
        "accuracy": float(accuracy[after]),
        "best": float(accuracy.max()),
        "best_site": subject.sites[int(accuracy.argmax())],
        "selective_site": subject.sites[int(selectivity.argmax())],
        "embed": float(accuracy[0]),
    }


def reach(subject: Subject, step: int) -> Doubles:
    """How far back each layer attends [layer, window]: the mean distance, without the first token
    and what it gets.
    """
    rows = subject.windows
    if rows.shape[1] < LEAST:
        raise Untestable("short", count=rows.shape[1])
    found = patterns(subject.network(step), rows)  # [layer, b, head, t, t]
    t = rows.shape[1]
    back = np.maximum(np.arange(t)[:, None] - np.arange(t)[None], 0)
    shares = found[..., 2:, 1:].astype(np.float64)
    total = shares.sum(axis=-1)
    far = (shares * back[2:, 1:]).sum(axis=-1) / np.maximum(total, 1e-12)
    return np.asarray((far * total).sum(axis=(2, 3)) / np.maximum(total.sum(axis=(2, 3)), 1e-12))


def even_reach(t: int) -> float:
    """The same of even attention to all tokens so far but the first."""
    return float(np.mean([(n - 1) / 2 for n in range(2, t)]))


def ratio_of(reaches: Doubles) -> tuple[Triple, Doubles]:
    """The first layer's reach over the mean of the others', with a bootstrap over windows."""
    counts = resamples(reaches.shape[1], DRAWS, np.random.default_rng(0))
    draws = (counts @ reaches[0]) / (counts @ reaches[1:].mean(axis=0))
    value = reaches[0].mean() / reaches[1:].mean()
    return triple(packed(value, draws)), draws


def top_predicts(subject: Subject, bars: Mapping[str, float]) -> Finding:
    """2.4c: the lens's KL to the final answer by site."""
    if not subject.adapter(subject.last).unembeds:
        raise Untestable("no_predict")
    kls = {step: lens_kl(subject, step) for step in subject.steps}
    ratios = {step: _share(one, subject.late) for step, one in kls.items()}
    value, draws = ratios[subject.last]
    here = kls[subject.last]
    means = here.mean(axis=1)
    falls = spearman(np.arange(len(means) - 1.0), means[:-1])
    likeness = [
        cka(one, subject.states(subject.last)[-1]).value for one in subject.states(subject.last)
    ]
    earlier = ratios[subject.first][0]
    beats = value[2] < (earlier[0] if subject.several else 1.0)
    return Finding(
        verdict=verdict_of(value[0] <= bars["ratio"] and falls < 0, beats),
        value=list(value),
        at_step=subject.last,
        series=line("2.4c", {step: one[0] for step, one in ratios.items()}),
        controls=[
            flat("step0", earlier),
            flat("middle", _share(here, subject.middle)[0]),
            flat("cka", float(likeness[subject.late])),
        ],
        by_site=by_sites(subject.sites, [mean_of(one) for one in here]),
        p=p_of(-draws, -1.0),
        numbers={
            "site": subject.sites[subject.late],
            "embed": float(means[0]),
            "late": float(means[subject.late]),
            "falls": falls,
            "first": earlier[0],
            "cka": float(likeness[subject.late]),
        },
        view={"site": subject.sites[subject.late]},
    )


def lens_kl(subject: Subject, step: int) -> Doubles:
    """KL of what each site would say to the final answer, in nats [site, token]."""
    adapter = subject.adapter(step)
    raw = subject.raw(step)
    chosen = np.linspace(0, raw.shape[1] - 1, min(TOKENS, raw.shape[1])).astype(int)
    last = log_softmax(adapter.unembed(raw[-1, chosen]))
    return np.stack([_kl(log_softmax(adapter.unembed(site[chosen])), last) for site in raw])


def _kl(logs: Doubles, last: Doubles) -> Doubles:
    found = (np.exp(logs) * (logs - last)).sum(axis=-1)
    return np.asarray(np.maximum(found, 0.0), dtype=np.float64)


def _share(kls: Doubles, site: int) -> tuple[Triple, Doubles]:
    """A site's mean KL over the embedding's, with a bootstrap over tokens."""
    counts = resamples(kls.shape[1], DRAWS, np.random.default_rng(0))
    draws = (counts @ kls[site]) / np.maximum(counts @ kls[0], 1e-12)
    value = kls[site].mean() / max(float(kls[0].mean()), 1e-12)
    return triple(packed(value, draws)), draws
