"""Autotuning behind a show: backends are proven aside at low priority, thread counts tested on frames of the show.

A benchmark beside a show measures who gets the cores, the show or the benchmark. So the ways of drawing are compared
by the processor time of one thread, which other threads hardly change, and the thread counts of the best way in A/B
tests on the show's own frames, beside its own load.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from livegan.core.machine import ProcessorShare, cores
from livegan.networks.architectures.protocol import StyleNet
from livegan.rendering.ab_test import ExchangeableBackend
from livegan.rendering.accuracy import FEWEST_SEEDS, OPTIONS, Clock, ReferenceImages, is_accurate
from livegan.rendering.autotune import UNAVAILABLE, Record, Selection, benchmark, candidates, select_backend
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.registry import LIVE, LoadOptions
from livegan.rendering.threads import TUNING_CORES

PIECE_S, FRAME_S, UNUSED_S = 0.05, 0.1, 0.5  # until the next piece: soon, after some frames, once a frame was drawn
AGAIN_S = 60.0  # after which thread counts that were tested beside other programs are tested again; then twice as long
BUSY = 0.15  # share of the machine that other programs take from which a test says little of a show without them


class LiveTuning:
    """Autotuning of what draws one network in a show, piece by piece on the loader's thread."""

    def __init__(
        self,
        drawn: ExchangeableBackend,
        selection: Selection,
        specs: Sequence[BackendSpec],
        references: ReferenceImages,
        record: Record,
        clock: Clock = time.thread_time,
        *,
        ways: bool = True,
        others: Callable[[], float] | None = None,
    ) -> None:
        """`selection` is what `drawn` draws with; `clock` measures the processor time of the calling thread.

        Without `ways` only thread counts are tested. `others`: the share of the machine that other programs took since
        it was called last, 0..1.
        """
        self._others = others or ProcessorShare().others
        self.selection = selection
        self._drawn, self._specs, self._references, self._record = drawn, specs, references, record
        self._clock, self._ways = clock, ways
        self._ms: dict[str, float] = {}  # in the show
        self._pieces = self._tune()

    def step(self) -> float | None:
        """The next piece; seconds until the one after it, None: done."""
        with torch.inference_mode():
            return next(self._pieces, None)

    def _tune(self) -> Iterator[float]:
        """Find the best thread count, the best way, and its best thread count, and remember the winner.

        Beside busy programs not for good. Thread counts come first, as they often gain most and take seconds.
        """
        while not self._drawn.used:
            yield UNUSED_S
        best, tested = self.selection, self.selection.spec.way
        self._others()
        yield from self._test_threads(best)
        quiet = self._others() < BUSY
        if self._ways:
            aside = [spec for spec in self._specs if spec.threads <= 1]
            work = benchmark(aside, self._references, self._clock, LIVE)
            while True:
                try:
                    next(work)
                except StopIteration as end:
                    best = end.value
                    break
                yield PIECE_S
            self._exchange_inaccurate(best, aside)
        again_s = AGAIN_S
        while True:
            if best.spec.way != tested:
                self._others()
                yield from self._test_threads(best)
                quiet = self._others() < BUSY
            self._keep(best, quiet)
            if quiet:
                return
            yield again_s
            tested, again_s = "", again_s * 2

    def _test_threads(self, best: Selection) -> Iterator[float]:
        """A/B tests of the thread counts of the best way, each against the winner so far."""
        for spec in sorted((spec for spec in self._specs if spec.way == best.spec.way), key=lambda spec: spec.threads):
            current = self.selection.spec
            if spec.name == current.name:
                continue
            challenger = self._made(spec, best)
            if challenger is None:
                continue
            test = self._drawn.test(challenger, (current.threads, spec.threads))
            while not test.ended:
                yield FRAME_S
            self._ms[current.name], self._ms[spec.name] = test.ms
            if test.won:
                self.selection = replace(self.selection, spec=spec, backend=challenger)
            elif spec.threads > current.threads:
                break  # still more threads gain nothing

    def _exchange_inaccurate(self, best: Selection, aside: Sequence[BackendSpec]) -> None:
        """If what draws was passed over after more pictures than at its loading, the best way draws from now on."""
        alone = next((spec for spec in aside if spec.way == self.selection.spec.way), None)
        if alone is None or alone.name not in best.ms:
            best.backend.render(self._references.ws[0], OPTIONS)
            self._drawn.exchange(best.backend)
            self.selection = best

    def _made(self, spec: BackendSpec, best: Selection) -> Backend | None:
        """A challenger that has drawn and is accurate, or None."""
        if spec.name == best.spec.name:
            return best.backend
        try:
            backend = spec.make()
            return backend if is_accurate(self._references.psnr_db(backend, FEWEST_SEEDS)) else None
        except UNAVAILABLE:
            return None

    def _keep(self, best: Selection, quiet: bool) -> None:
        times = ", ".join(f"{name} {ms:.1f} ms" for name, ms in self._ms.items())
        why = [f"{self.selection.spec.name}: best on frames of a show ({times})"] if times else []
        why += [] if quiet else ["other programs were busy: to be tested again"]
        why.append(f"one thread alone: {best.reason}" if self._ways else best.reason)
        ms = {**best.ms, **self._ms}
        tuned = quiet and (best.tuned or not self._ways)
        self.selection = replace(self.selection, reason="; ".join(why), ms=ms, tuned=tuned)
        self._record.keep(self.selection, self._references.thumbnail())


@dataclass(frozen=True, slots=True)
class TunedBackend:
    """What draws a network, and the autotuning that is still to be done behind the show (None: none)."""

    backend: Backend
    selection: Selection
    tuning: LiveTuning | None = None

    @classmethod
    def select(
        cls,
        net: StyleNet,
        specs: Sequence[BackendSpec],
        key: str,
        references: ReferenceImages,
        options: LoadOptions,
        *,
        full: bool = True,
    ) -> "TunedBackend":
        """As `select_backend`; for a show what it selects can be exchanged between frames if it was not benchmarked.

        Unless it is for `full` quality, on several cores, only its thread count is tuned.
        """
        selection = select_backend(net, specs, key, references=references, options=options)
        if selection.tuned or not options.live:
            return cls(selection.backend, selection)
        drawn, specs = ExchangeableBackend(selection.backend), candidates(specs, options)
        devices = any(spec.device for spec in specs)  # they work while the thread waits
        clock = time.perf_counter if devices else time.thread_time
        record = Record.of(net, specs, key, options)
        ways = full and cores() >= TUNING_CORES
        return cls(drawn, selection, LiveTuning(drawn, selection, specs, references, record, clock, ways=ways))

    def tune(self) -> float | None:
        """The next piece of the tuning; seconds until the one after it, None: done."""
        return self.tuning.step() if self.tuning is not None else None

    @property
    def reason(self) -> str:
        """Why it draws."""
        return (self.tuning or self).selection.reason
