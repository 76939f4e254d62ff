"""The studio page in Chromium, as somebody uses it who never saw it: real server, real jobs, no network."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile

from tests.chromium import browser  # noqa: F401  # the fixture
from tests.shell import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.virtual

LONG_MS = 60_000  # for what takes a second or a few


@dataclass(frozen=True)
class Studio:
    """A running server."""

    address: str  # with its token
    folder: Path
    process: "subprocess.Popen[str]"

    @property
    def root(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    command = [sys.executable, "main.py", "studio", "--port", "0", "--folder", str(folder), "--max-upload", "5"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ | {"NO_COLOR": "1"})
    assert process.stderr is not None
    told = ""
    try:
        while "token=" not in told and process.poll() is None:
            told += process.stderr.readline()
        yield Studio(re.findall(r"http://\S+", told)[0], folder, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.stderr.close()


@dataclass
class Visitor:
    """One person's browser, with what it asked for outside this machine."""

    page: "Page"
    context: "BrowserContext"
    outside: list[str]
    errors: list[str]

    def choose(self, file: Path, tab: str = "film") -> None:
        place = self.page.locator('input[type="file"]:visible, [role="tabpanel"]:visible input[type="file"]').first
        place.set_input_files(file)
        self.page.get_by_text(file.name).first.wait_for(timeout=LONG_MS)

    def state(self, text: str, kind: str = "film") -> None:
        """Wait until a stage says so."""
        found = self.page.locator(f"#stage-{kind} .lg-state").filter(has_text=re.compile(text))
        found.wait_for(timeout=LONG_MS)

    def jobs(self) -> list[dict[str, Any]]:
        answer = self.page.evaluate("async () => (await fetch('/jobs')).text()")
        jobs: list[dict[str, Any]] = json.loads(answer)
        return jobs


def is_wrong(line: Any) -> bool:
    """Whether a line of the browser's console is an error, but for what Gradio's own upload says each time."""
    return line.type == "error" and line.text != "Method not implemented."


def visit(browser: "Browser", studio: Studio, locale: str = "en-US") -> Visitor:  # noqa: F811
    context = browser.new_context(locale=locale)
    context.set_default_timeout(LONG_MS)
    page = context.new_page()
    visitor = Visitor(page, context, [], [])
    own = urlsplit(studio.address).netloc

    def note(request: Any) -> None:
        if urlsplit(request.url).netloc not in (own, "") and not request.url.startswith(("data:", "blob:")):
            visitor.outside.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    page.on("console", lambda line: visitor.errors.append(line.text) if is_wrong(line) else None)
    page.goto(studio.address)
    page.locator(".lg-stage .lg-view").first.wait_for()
    return visitor


@pytest.fixture
def visitor(browser: "Browser", studio: Studio) -> Iterator[Visitor]:  # noqa: F811
    visitor = visit(browser, studio)
    yield visitor
    visitor.context.close()


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Less than half a second of a beating tone."""
    path = tmp_path_factory.mktemp("songs") / "my song; $(ls) é.wav"
    time_s = np.arange(19200) / 48000
    soundfile.write(path, (0.4 * np.sin(2 * np.pi * 220 * time_s) * (time_s % 0.25 < 0.1)).astype(np.float32), 48000)
    return path


def small(visitor: Visitor, scene: str = "canvas") -> None:
    """Choose the quickest film there is."""
    visitor.page.locator(f'.lg-scenes label:has(input[value="{scene}"])').click()
    visitor.page.locator("#film-more button").first.click()
    visitor.page.locator('#film-more label:has(input[value="640x360"])').click()
    visitor.page.locator('#film-more label.selected:has(input[value="640x360"])').wait_for()


def test_one_upload_and_one_click_make_a_film_while_somebody_else_composes(
    browser: "Browser",  # noqa: F811
    studio: Studio,
    visitor: Visitor,
    song: Path,
) -> None:
    other = visit(browser, studio, "zh-CN")
    try:
        visitor.choose(song)
        small(visitor)
        visitor.page.locator(".lg-go:visible").click()
        assert other.page.get_by_role("tab").all_inner_texts() == ["影片", "图画", "梦境影片", "投影", "训练", "作曲"]
        other.page.get_by_text("将文件拖放到此处").first.wait_for()
        other.page.get_by_role("tab", name="作曲").click()
        other.page.locator(".lg-go:visible").click()
        visitor.state("Done")
        other.state("完成", "compose")
        (mine,), (theirs,) = visitor.jobs(), other.jobs()
        assert (mine["kind"], mine["state"], theirs["kind"], theirs["state"]) == ("film", "done", "compose", "done")
        video = visitor.page.locator("#stage-film video")
        assert video.evaluate("async film => { film.muted = true; await film.play(); return film.videoWidth }") == 640
        with visitor.page.expect_download() as download:
            visitor.page.locator("#stage-film .lg-main").first.click()
        assert download.value.suggested_filename.endswith(".mp4")
        assert Path(download.value.path()).stat().st_size == mine["results"][0]["bytes"]
        assert visitor.errors == other.errors == []
        # nobody sees what is another's: neither what was made nor what was uploaded
        ask = "async path => (await fetch(path, {cache: 'no-store'})).status"
        result = f"/jobs/{mine['id']}/out/{mine['results'][0]['name']}"
        uploaded = next(studio.folder.glob("livegan-uploads-*/*/my song*.wav"))
        for path in (result, f"/en/gradio_api/file={uploaded}"):
            assert [each.page.evaluate(ask, path) for each in (visitor, other)] == [200, 404]
        other.errors.clear()  # those two
        # the music is heard, and has a film made of it; the language is switched meanwhile
        other.page.locator("#stage-compose audio").wait_for()
        assert {Path(made["name"]).suffix for made in theirs["results"]} == {".mid", ".png", ".wav"}
        other.page.get_by_role("button", name="用它制作影片").click()
        other.state(r"正在|帧")
        film, _ = other.jobs()
        assert film["kind"] == "film"
        assert ".wav" in film["typed"][0]
        other.page.get_by_role("link", name="English").click()
        other.page.get_by_role("tab", name="Dream film").wait_for()
        other.page.get_by_text("Drop File Here").first.wait_for()
        other.page.get_by_role("button", name="Stop here and keep it").click()
        other.state("Stopped")
        assert visitor.outside == other.outside == []
        assert visitor.errors == other.errors == []
    finally:
        other.context.close()


def test_cancelled_in_the_middle_it_keeps_what_is_there(visitor: Visitor) -> None:
    small(visitor)
    visitor.page.get_by_role("button", name="Try it with the demo song").click()
    visitor.state(r"frames · .* left")
    assert visitor.page.locator("#stage-film .lg-view img").get_attribute("src").startswith("/jobs/")
    visitor.page.reload()  # in the middle: its progress is there again
    visitor.state(r"frames")
    visitor.page.get_by_role("button", name="Stop here and keep it").click()
    visitor.state("Stopped. What was made")
    visitor.page.locator("#stage-film video").wait_for()
    (job,) = visitor.jobs()
    assert job["resumes"]


def test_what_is_too_large_is_refused_before_it_is_sent_and_a_wrong_file_gets_a_sentence(
    visitor: Visitor, tmp_path: Path, studio: Studio
) -> None:
    large, wrong = tmp_path / "large.wav", tmp_path / "no song.mp3"
    with large.open("wb") as file:
        file.truncate(6 << 20)
    visitor.page.locator('input[type="file"]').first.set_input_files(large)
    visitor.page.get_by_text(re.compile("exceed the maximum")).first.wait_for()
    assert not list(studio.folder.glob("livegan-uploads-*/*/large.wav"))
    wrong.write_text("this is no song")
    visitor.choose(wrong)
    visitor.page.get_by_role("button", name="Make the film").click()
    visitor.state("not a sound file")
    (job,) = visitor.jobs()
    assert "Traceback" not in job["error"]
    assert not job["resumes"]
    visitor.page.get_by_role("tab", name="Picture").click()  # a song is there in every tab
    visitor.page.locator('[role="tabpanel"]:visible').get_by_text("no song").first.wait_for()
