"""Launch smoke test of a bundle: with an empty environment and no program in the PATH, it plays, films and shows."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIMIT_S = 300


def start(bundle: Path, folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the bundle's program in `folder`, where nothing of this machine's Python can be found; an error ends all."""
    env = {"PATH": str(folder / "empty"), "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), **environment}
    command = [str(bundle / "livegan"), *words]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode:
        sys.exit(f"bundle: {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def report_of(bundle: Path, folder: Path, *words: str, **environment: str) -> dict[str, Any]:
    """Play the demo track for 5 s; the show's report."""
    play = ("play", "--input", "demo", "--duration", "5", "--report", "report.json", *words)
    start(bundle, folder, *play, **environment)
    return dict(json.loads((folder / "report.json").read_text()))


@contextmanager
def screen() -> Iterator[str]:
    """An X server without a screen, on a free display."""
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x720x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[theirs], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(theirs)
    try:
        with os.fdopen(ours) as number:
            if not select.select([number], [], [], 30.0)[0]:
                sys.exit("bundle: Xvfb does not start")
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Check the bundle in the folder that was named, and print its size and start time."""
    bundle = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="livegan-bundle-") as name:
        folder = Path(name)
        (folder / "empty").mkdir()
        began_s = time.monotonic()
        version = start(bundle, folder, "--version").stdout.strip()
        start_s = time.monotonic() - began_s
        unseen = report_of(bundle, folder, "--headless", "--record", "film.mp4")
        assert unseen["frames"] > 0, unseen
        assert unseen["faults"] == 0, unseen
        assert (folder / "film.mp4").stat().st_size > 1000
        shown = "no Xvfb here: its window was not tried"
        if shutil.which("Xvfb"):
            with screen() as display:
                seen = report_of(bundle, folder, DISPLAY=display)
            assert seen["screen"]["frames"] > 0, seen
            window = seen["screen"]
            shown = f"its window showed {window['frames']} frames, the first after {window['first_frame_s']} s"
    size = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"bundle: {bundle} is {size / 1e6:.0f} MB; {version} answers in {start_s:.1f} s; {shown}")


if __name__ == "__main__":
    main()
