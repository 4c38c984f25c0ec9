"""Meaning from Python: measurements that stand beside their controls, each with ``to_frame``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from layerfold.interp import attacks, axes, compression, edge, paths, probes, regions, senses
from layerfold.interp.attacks import Attacks
from layerfold.interp.attacks import Options as AttackOptions
from layerfold.interp.axes import Analogy, Axis
from layerfold.interp.axes import Options as AxesOptions
from layerfold.interp.changes import change_of
from layerfold.interp.column_senses import senses_by_label
from layerfold.interp.compression import Compression
from layerfold.interp.compression import Options as CompressionOptions
from layerfold.interp.edge import Edge
from layerfold.interp.edge import Options as OodOptions
from layerfold.interp.labels import SOURCE, labelled, tagged
from layerfold.interp.paths import Options as PathOptions
from layerfold.interp.paths import Paths
from layerfold.interp.probes import Options as ProbeOptions
from layerfold.interp.probes import Probe
from layerfold.interp.regions import Options as RegionOptions
from layerfold.interp.regions import Regions
from layerfold.interp.senses import Options as SenseOptions
from layerfold.interp.senses import Senses
from layerfold.interp.session import Session
from layerfold.interp.word_sets import (
    PairList,
    SenseSet,
    bundled_pairs,
    bundled_senses,
    named_sets,
    sense_set,
)

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class MeaningSets:
    """What there is to choose from: words with sentences of two ``senses``, lists of ``pairs``,
    ``labels`` of the reference."""

    senses: tuple[SenseSet, ...]
    pairs: tuple[PairList, ...]
    labels: tuple[str, ...]


class MeaningCalls:
    """Of an open run: what words, pairs, labels and texts say of its states. ``steps`` is the last
    one unless told (``run.steps``: all); every call raises InputError for what cannot be measured,
    StepNotFound, DamagedRun, NoWeights.
    """

    session: Session

    def meaning_sets(self) -> MeaningSets:
        """The bundled words and pairs, and the labels that a probe can read."""
        names = (one.name for one in self.session.atlas.reference.labels if one.kind == "category")
        return MeaningSets(tuple(bundled_senses()), tuple(bundled_pairs()), (SOURCE, *names))

    def senses(
        self,
        word: str | Sequence[str] | None = None,
        sentences: Mapping[str, Sequence[str]] | None = None,
        control: str | None = None,
        steps: Sequence[int] | None = None,
        options: SenseOptions | None = None,
        column: str | None = None,
    ) -> Senses:
        """Whether context parts two senses of a word, beside a neutral word in the same places.

        Bundled words by name (all without one), or one word with ``sentences`` by sense, {} in the
        word's place; with ``column``, a label of the reference, by its two most frequent classes.
        """
        if column is not None:
            sets = [senses_by_label(self.session, str(word or ""), column, (), control)]
        elif sentences is not None:
            sets = [sense_set(str(word or ""), sentences, control)]
        else:
            names = [word] if isinstance(word, str) else list(word or ())
            sets = named_sets(bundled_senses(), names, "word")
        return senses.measure(self.session, sets, self._at(steps), options)

    def axes(
        self,
        pairs: str | Pairs,
        steps: Sequence[int] | None = None,
        options: AxesOptions | None = None,
    ) -> Axis:
        """Whether pairs share a direction, beside random pairs and the same words re-paired: a
        bundled list by its name (``gender``), or pairs."""
        return axes.measure(self.session, self._pairs(pairs), self._at(steps), options)

    def analogy(
        self,
        words: Sequence[str],
        pairs: str | Pairs = "gender",
        step: int | None = None,
        options: AxesOptions | None = None,
    ) -> Analogy:
        """Where b − a + c lands for ``words`` a, b, c and perhaps the expected d, among themselves
        and the words of ``pairs``, nobody left out."""
        others = [word for pair in self._pairs(pairs).pairs for word in pair]
        at = self._at(None if step is None else [step])[0]
        return axes.analogy(self.session, words, at, others, options)

    def path(
        self,
        start: str,
        end: str,
        site: str | None = None,
        steps: Sequence[int] | None = None,
        options: PathOptions | None = None,
    ) -> Paths:
        """Four ways from one word's state to another's at a site (the middle layer's end without
        one), every point decoded, beside random words."""
        return paths.measure(self.session, (start, end), site, self._at(steps), options)

    def probe(
        self,
        label: str | Path = SOURCE,
        steps: Sequence[int] | None = None,
        options: ProbeOptions | None = None,
    ) -> Probe:
        """What a linear probe reads of a label of the reference, or of a file of tagged words,
        beside labels drawn for each token type."""
        chosen = (
            tagged(self.session, label)
            if isinstance(label, Path)
            else labelled(self.session, label)
        )
        return probes.measure(self.session, chosen, self._at(steps), options)

    def regions(
        self,
        site: str | None = None,
        steps: Sequence[int] | None = None,
        options: RegionOptions | None = None,
    ) -> Regions:
        """The regions of the cloud at a site (the last without one), named by what is
        over-represented, beside tokens at random."""
        return regions.measure(self.session, site, self._at(steps), options)

    def ood(
        self,
        texts: Mapping[str, str] | None = None,
        steps: Sequence[int] | None = None,
        options: OodOptions | None = None,
    ) -> Edge:
        """How well distance, norm and loss tell other text (``texts`` by name, shuffled, random)
        from natural text, at every site."""
        others = {name: [text] for name, text in (texts or {}).items()}
        return edge.measure(self.session, others, self._at(steps), options)

    def attack(
        self,
        text: str,
        site: str | None = None,
        steps: Sequence[int] | None = None,
        options: AttackOptions | None = None,
    ) -> Attacks:
        """What it takes to change the prediction after a text: one token, or a move of its state,
        beside random ones."""
        return attacks.measure(self.session, text, site, self._at(steps), options)

    def compress(
        self,
        changes: str | Sequence[str] = ("bits=8", "bits=4", "bits=3", "sparsity=0.5"),
        text: str | None = None,
        steps: Sequence[int] | None = None,
        options: CompressionOptions | None = None,
    ) -> Compression:
        """What rounding (``bits=3``), ``rank=32``, ``sparsity=0.5``, ``layer=2``, ``head=2.1`` or
        ``directions=16`` cost on held-out text, beside noise as large."""
        names = [changes] if isinstance(changes, str) else changes
        return compression.measure(
            self.session,
            [change_of(one) for one in names],
            self._at(steps),
            None if text is None else [text],
            options,
        )

    def _at(self, steps: Sequence[int] | None) -> list[int]:
        return [self.session.run.steps[-1]] if steps is None else list(steps)

    def _pairs(self, pairs: str | Pairs) -> PairList:
        if isinstance(pairs, str):
            return named_sets(bundled_pairs(), [pairs], "name")[0]
        words = tuple((one, other) for one, other in pairs)
        plain = all(word.isascii() for pair in words for word in pair)
        return PairList("own", "en" if plain else "zh", words)
