"""`livegan compose train`: opens the corpus, trains a network on it, writes snapshots; resumes exactly."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from livegan.composer.corpus import Corpus, open_corpus
from livegan.composer.dcgan_training import DcganLearner, training_pages
from livegan.composer.learner import Learner, LearnerTrainer
from livegan.composer.load import Composer
from livegan.composer.musegan import MuseGan
from livegan.composer.musegan_training import MuseGanLearner
from livegan.composer.network_info import ComposerInfo
from livegan.composer.phrase_sets import family_set, voice_set
from livegan.composer.phrases import four_voice_phrases
from livegan.composer.song import Song
from livegan.composer.train_files import COMMAND, STEPS, ComposerFiles, ComposerOrigins, has_snapshot, load_run
from livegan.composer.train_settings import FIXED, USUAL, ComposerSettings, checked, option_name, resolved
from livegan.core.files import expanded
from livegan.core.text import quoted, valid_unicode
from livegan.errors import TrainingError
from livegan.networks.device import choose_device, machine
from livegan.training.options import CHECKPOINT_S
from livegan.training.run import RunOptions, RunResult, behind_text, enough_memory, resume_command, run_steps
from livegan.training.run_folder import has_checkpoint
from livegan.training.single_process import single_process
from livegan.training.tensorboard import tensorboard

SNAPSHOT_SHARES = (1 / 8, 1 / 4, 1 / 2)  # of a run, besides the end
TIMED_STEPS, TIMED_S = 5, 3.0  # to find out how many steps there are in so many minutes

MessageCallback = Callable[[str], None]  # shows a sentence to the user


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeTrainOptions:
    """Command line options of `livegan compose train`."""

    folder: Path  # of the run
    corpus: str = ""  # a folder; "": the resumed run's
    model: str = ""  # "": the resumed run's, or voices
    typed: Mapping[str, Any] = field(default_factory=dict)  # settings by their names in ComposerSettings
    minutes: float | None = None  # about how long, in place of steps
    resume: bool = False
    device: str = "auto"
    snapshots: Sequence[int] | None = None  # [steps] besides the end; empty: none; None: three
    checkpoint_s: float = CHECKPOINT_S
    tensorboard: bool = False
    title: str = ""
    licence: str = ""


def train_composer(options: ComposeTrainOptions, notify: MessageCallback = print) -> RunResult:
    """Train as `options` say: a new run, or a resumed one.

    ComposeError or TrainingError say what is wrong before anything is begun; then no folder is left.
    """
    folder = options.folder
    device = torch.device(choose_device(options.device).device)
    before = load_run(folder) if options.resume else None
    if before is not None:
        settings = _resumed(before.settings, options)
    else:
        _check_new(folder)
        settings = resolved(options.model or "voices", options.typed, device.type != "cpu")
    place = options.corpus or (before.origins.corpus if before is not None else "")
    if not place:
        raise TrainingError(f"nothing to learn from; make a corpus: livegan compose corpus bach, then: {COMMAND} bach")
    corpus = open_corpus(expanded(place))
    data = _Data(corpus, settings)
    with ExitStack() as stack:
        process_group = stack.enter_context(single_process(folder, "a network that composes", options.tensorboard))
        with enough_memory(settings, folder, unit=STEPS):
            if options.minutes is not None:
                settings = _timed(settings, data, device, options.minutes, before.state["steps"] if before else 0)
                notify(f"about {options.minutes:g} minutes at this speed: --steps {settings.steps}")
            trainer = LearnerTrainer(data.learner(settings, device), settings.seed, device)
            if before is not None:
                trainer.restore(before.state)
        unwritten = before is not None and settings.steps == before.settings.steps
        unwritten = unwritten and not has_snapshot(folder, settings.steps)  # stopped while its last one was written
        if settings.steps <= trainer.shown and not unwritten:
            if before is not None and trainer.shown < before.settings.steps:
                raise TrainingError(behind_text(folder, trainer.shown, before.settings.steps, STEPS))
            longer = f"{resume_command(folder, STEPS)} --steps {2 * trainer.shown}"
            raise TrainingError(
                f"{folder}: the run is finished, {trainer.shown} steps are done; to train longer, type: {longer}"
            )
        origins = _origins(options, corpus, data, before.origins if before is not None else ComposerOrigins())
        if before is not None and before.origins.data != origins.data:
            notify(f"{place} is not what the run was begun with, so it goes on differently from one that never stopped")
        if device.type == "cpu" and settings.width < 1:
            notify(
                f"there is no GPU, so the network has {settings.width:.2g} of the published channels; "
                "to train it whole, begin a run with --width 1"
            )
        notify(f"{settings.model}: learns from {data.text} of {corpus.folder.name}")
        files = ComposerFiles(folder, settings, origins, _info(settings, origins, data, corpus), data.sample)
        run_options = RunOptions(
            snapshots=_moments(options.snapshots, settings.steps),
            checkpoint_s=options.checkpoint_s,
            seconds=before.seconds if before is not None else 0.0,
            scalars=stack.enter_context(tensorboard(folder / "tensorboard")) if options.tensorboard else None,
        )
        return run_steps(trainer, files, run_options, process_group, notify)


class _Data:
    """What a model learns from a corpus, and the learner of it."""

    def __init__(self, corpus: Corpus, settings: ComposerSettings) -> None:
        self.corpus, self.given = corpus, settings.given
        self.learner: Callable[[ComposerSettings, torch.device], Learner]
        if settings.model == "dcgan":
            pages = training_pages(corpus.songs("train", broken=[]), settings.pictures, settings.seed)
            self.array: NDArray[Any] = pages
            self.text = f"{len(pages)} pages"
            self.learner = lambda chosen, device: DcganLearner(chosen, pages, device)
        elif settings.model == "musegan":
            phrases = (voice_set if settings.tracks == "voices" else family_set)(corpus, settings.bars)
            self.array = phrases.phrases
            self.text = f"{len(phrases.phrases)} phrases of {settings.bars} bars"
            self.learner = lambda chosen, device: MuseGanLearner(chosen, phrases, device)
        else:
            from livegan.composer.voice_learner import VoiceLearner

            voices, held_out = four_voice_phrases(corpus, "train"), four_voice_phrases(corpus, "held-out")
            self.array = voices
            self.text = f"{len(voices)} phrases of four bars"
            self.learner = lambda chosen, device: VoiceLearner(chosen, voices, held_out, device)

    @property
    def fingerprint(self) -> str:
        """Hash of all that is learnt from."""
        digest = hashlib.blake2b(f"{self.array.shape} {self.array.dtype}".encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.array).tobytes())
        return digest.hexdigest()

    def sample(self, composer: Composer, bars: int, seed: int) -> Song:
        """Music for a snapshot; one that accompanies is given a track of a piece of the corpus."""
        if not isinstance(composer, MuseGan) or self.given < 0:
            return composer.song(bars, seed)
        tunes = [song for song in self.corpus.songs("held-out", broken=[]) if len(song.tracks) > self.given]
        if not tunes:
            raise TrainingError(f"{self.corpus.folder}: no piece is held out that could be accompanied")
        return composer.accompany(tunes[seed % len(tunes)], seed, self.given, bars)


def _resumed(settings: ComposerSettings, options: ComposeTrainOptions) -> ComposerSettings:
    """The settings of a resumed run; TrainingError for an option that cannot change."""
    typed = {**options.typed, **({"model": options.model} if options.model else {})}
    for key in FIXED:
        value = getattr(settings, key)
        if key in typed and typed[key] != value:
            raise TrainingError(
                f"{options.folder}: the run has {option_name(key)} {value}, which cannot change when it is resumed; "
                f"leave {option_name(key)} out, or begin a new run"
            )
    return checked(replace(settings, **typed))


def _check_new(folder: Path) -> None:
    if has_checkpoint(folder):
        raise TrainingError(
            f"{folder}: there is a run in it; to go on with it, type: {resume_command(folder, STEPS)}; "
            "for a new one choose another folder with -o"
        )


def _timed(
    settings: ComposerSettings, data: _Data, device: torch.device, minutes: float, done: int
) -> ComposerSettings:
    """`settings` with as many steps, after those `done`, as there are in so many minutes; times a network apart."""
    if not 0 < minutes <= 1e6:
        raise TrainingError(f"--minutes {minutes:g} is not above 0")
    trainer = LearnerTrainer(data.learner(settings, device), settings.seed, device)
    trainer.step()
    begun, steps = time.monotonic(), 0
    while steps < TIMED_STEPS or time.monotonic() - begun < TIMED_S:
        trainer.step()  # reads its numbers, so a GPU has finished
        steps += 1
    step_s = (time.monotonic() - begun) / steps
    return checked(replace(settings, steps=done + max(1, round(minutes * 60 / step_s))))


def _moments(steps: Sequence[int] | None, total: int) -> tuple[float, ...]:
    """Moments of snapshots [thousand steps], as a run takes them: the end where there is no other."""
    if steps is None:
        steps = [round(total * share) for share in SNAPSHOT_SHARES]
    return tuple(step / 1000 for step in steps if 0 < step < total) or (total / 1000,)


def _origins(options: ComposeTrainOptions, corpus: Corpus, data: _Data, before: ComposerOrigins) -> ComposerOrigins:
    return ComposerOrigins(
        corpus=str(expanded(options.corpus).resolve()) if options.corpus else before.corpus,
        data=data.fingerprint,
        title=valid_unicode(options.title) or before.title,
        licence=valid_unicode(options.licence) or before.licence,
    )


def _info(settings: ComposerSettings, origins: ComposerOrigins, data: _Data, corpus: Corpus) -> ComposerInfo:
    return ComposerInfo(
        kind=settings.model,
        shape={},
        title=origins.title or valid_unicode(f"{settings.model} of {corpus.folder.name}"),
        data=valid_unicode(f"{data.text} of {corpus.folder.name}"),
        licence=origins.licence,
        made_by=command_of(settings, Path(origins.corpus).name),
        seed=settings.seed,
        machine=machine(),
    )


def command_of(settings: ComposerSettings, corpus: str) -> str:
    """The command that trains such a network again, with the name of the corpus only: paths are private."""
    usual = USUAL[settings.model]
    words = [COMMAND, quoted(corpus), "--model", settings.model]
    for key in settings.__dataclass_fields__:
        value = getattr(settings, key)
        if key not in ("model", "beta1", "beta2") and (value != getattr(usual, key) or key in ("steps", "seed")):
            words += [option_name(key)] if value is True else [option_name(key), str(value)]
    return valid_unicode(" ".join(words))
