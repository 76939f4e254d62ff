"""One word per thing: words that were retired stay retired, in code, tests, docs and README."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HISTORY = {"CHANGELOG.md", "test_words.py"}  # the one place that says what things were called
ENGLISH = {"phrases.toml", "translations.toml"}  # what people may say
TEXTS = [
    path
    for folder in ("livegan", "tests", "docs")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".md", ".toml")
    and path.name not in HISTORY | ENGLISH
    and path.parent.name != "scenes-0.1"
]
TEXTS += [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "main.py")]

RETIRED = {  # pattern: what is said instead
    # networks and rendering
    r"\bprison\b|CagedError|\bcut_off\b": "sandbox, SandboxViolation, drop_network",
    r"\blikeness_db\b|\bstamp_of\b": "psnr_db, thumbnail_of",
    r"\bREFUSALS\b|class Way\b|\bWay\(": "UNAVAILABLE, BackendSpec",
    r"(?i)(?<!q)painter|(?:Cpu|Gpu|Plain|OpenVino)Painter": "backend",
    r"\bhurry\b|\bhurried\b|\bin_a_hurry\b": "LoadOptions(live=True)",
    r"\bAWAKE\b|\bclass Study\b": "forward hooks, NetworkAnalysis",
    r"class Theirs\b|\bTheirs\(": "user_code_errors",
    r"\bHost\(|\bclass Rows\b|\bRows\(": "DeviceToHost, WsBuilder",
    r"\b_EnoughError\b|\bwatching\(": "forward hooks",
    r"\bof_seed\b": "latent_of_seed",
    r"livegan/generators|livegan[./]scenes\b|from livegan\.generators": "networks, rendering, motifs, config",
    # training
    r"\bfooled\(|\bseen_through\b|\bjudged\(": "generator_loss, discriminator_loss_fake, discriminator_loss_real",
    r"class Looks\b|\bLooks\(|class Feed\b|\bFeed\(|class Lot\b|\bLot\(": "ImageStats, Prefetcher, Batch",
    r"class World\b|\bWorld\(|class Gauge\b|\bGauge\(": "ProcessGroup, Evaluator",
    r"class Method\b|\b_Desk\b|class Scale\b": "Trainer, RunLogger, LossScaler",
    r"\bchance\b": "rng, generator, seed",
    # hearing
    r"class Beginning\b|features[./]beginnings\b|class Picker\b": "Onset, onset_detection, PeakPicker",
    r"\bbeat_gram\b|\bteeth\b|\blopsided\b|def lately|\.lately\b": "tempogram, comb_indices, recently_open",
    r"class Steady\b|class Past\b|class Paced\b": "HarmonicMask, SampleHistory, BufferedSource",
    # threads, control, window
    r"\.bell\b|\bbell\(|class Bell\b|\bBell\(": "subscribe, MainThreadNotifier",
    r"\btend\(|\bTend\b|\bdef tend\b": "poll",
    r"(?<!lighting )\bdesk\b": "window events",
    r"\b[Cc]urtain\b": "OutputDimmer",
    r"class Twice\b|\bTwice\(|class Faults\b|class Reading\b": "DoublePress, ExceptionHook, HudData",
    r"\bMidiHands\b|\bEchoHands\b|\bBEAT_HANDS\b|\bclock_hand": "MidiInput, EchoSource, core.events",
    # engine, shell
    r"\bCompanion\b|\bCompany\b|\bProgramme\b|\bWishes\b|\bBound\b": "Service, Session, Setlist, PlayOptions",
    r"\blook_at\b|\bHeard\b": "check_scene, FeatureBatch",
    r"\bshipped\(|\bSHIPPED\b": "bundled, BUNDLED",
    r"cli[./]words\b|class Model\(": "cli/output, StrictModel",
    # riddles
    r"[Tt]wice is fine": "idempotent",
    r"what mends the rest|[Ww]ithout a word from the scene|a word from the scene": "plain English",
    r"compared with a plain forward": "compared with the reference forward pass",
    r"\blikeness\b|\bcame along\b|\bstrangers?\b": "PSNR, bundled, untrusted",
    r"canvas\.knob\(|\bKNOBS\b": "canvas.latent, LATENT_NAMES",
    r"before somebody knocks|readers that forgive|can be told again|Say goodbye": "the field's noun",
}


@cache
def texts() -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in TEXTS}


@pytest.mark.parametrize("pattern", RETIRED)
def test_retired_words_do_not_come_back(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:90]}"
        for path, text in texts().items()
        if re.search(pattern, text, re.MULTILINE)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, f"say {RETIRED[pattern]} instead:\n" + "\n".join(found)


def test_the_texts_are_seen() -> None:
    assert len(TEXTS) > 300
