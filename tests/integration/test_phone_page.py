"""The phone page in Chromium, at a phone's size: a real server, and a show that remembers what reached it."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import pytest

from livegan.config.venue import RemoteTable
from livegan.core.types import ControlEvent
from livegan.web.remote.page import RemotePage
from tests.chromium import browser  # noqa: F401  # the fixture
from tests.deadline import until
from tests.remote_feed import FakeFeed, board, picture, telemetry
from tests.shell import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.virtual

LOCAL = RemoteTable(enabled=True, host="127.0.0.1", port=0)
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}


class Show:
    """A show that stands still and serves its phone page."""

    def __init__(self) -> None:
        self.feed = FakeFeed()
        self.page = RemotePage(self.feed, LOCAL)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self.page.start()
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(0.05):
            self.page.poll(time.monotonic())

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self.page.stop()

    def came(self, name: str, value: float | None = None, kind: str = "move") -> None:
        """Wait until this was the newest event."""

        def newest() -> bool:
            last = self.feed.events[-1] if self.feed.events else None
            return last is not None and (last.name, last.kind) == (name, kind) and value in (None, last.value)

        until(newest, lambda: f"{name}, after {self.feed.events[-3:]}")


@pytest.fixture
def show() -> Iterator[Show]:
    show = Show()
    show.start()
    yield show
    show.close()


@dataclass
class Held:
    """A phone, with what went wrong on it."""

    page: "Page"
    context: "BrowserContext"
    errors: list[str]


def hold(browser: "Browser", show: Show, locale: str = "en-US", **changes: object) -> Held:  # noqa: F811
    context = browser.new_context(locale=locale, **PHONE | changes)  # type: ignore[arg-type]
    page = context.new_page()
    held = Held(page, context, [])
    page.on("pageerror", lambda error: held.errors.append(str(error)))
    page.on("console", lambda line: held.errors.append(line.text) if line.type == "error" else None)
    page.goto(show.page.address)
    page.locator(".slider[data-name=react]").wait_for()
    return held


def drag(page: "Page", name: str, share: float) -> None:
    """Pull a slider with a mouse by a share of its width."""
    box = page.locator(f".slider[data-name='{name}']").bounding_box()
    assert box is not None
    x, y = box["x"] + 40, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * share / 2, y)
    page.mouse.move(x + box["width"] * share, y)
    page.mouse.up()


def test_every_control_of_the_page_reaches_the_show(browser: "Browser", show: Show) -> None:  # noqa: F811
    phone, other = hold(browser, show), hold(browser, show, "zh-CN")
    page, feed = phone.page, show.feed
    page.wait_for_function("document.getElementById('preview').width === 320")
    # sliders: a touch alone moves nothing, pulling does; what another hand moves is seen
    page.locator(".slider[data-name='motion.pulse']").tap()
    drag(page, "motion.pulse", 0.5)
    show.came("motion.pulse", 0.75)
    assert [event.name for event in feed.events] == ["motion.pulse"] * len(feed.events)
    values = dict(board().values) | {"motion.pulse": 1.5}
    feed.board.put(board(set_values=values, moved=frozenset({"motion.pulse"})))
    for held in (phone, other):
        held.page.locator(".slider[data-name='motion.pulse'][aria-valuenow='1.500'] .back").wait_for()
    page.locator(".slider[data-name='motion.pulse'] .back").tap()
    show.came("motion.pulse", kind="release")
    page.locator(".slider[data-name='react']").focus()
    page.keyboard.press("ArrowRight")
    show.came("react", 0.52)
    drag(page, "master", -0.25)
    show.came("master", 0.75)
    # buttons: they show what the window says, on every phone
    for name in ("blackout", "freeze"):
        for state, pressed in ((1.0, "true"), (0.0, "false")):
            page.locator(f"#{name}").tap()
            show.came(name, state)
            for held in (phone, other):
                held.page.locator(f"#{name}[aria-pressed='{pressed}']").wait_for()
    for button, name in (("#tap", "beat.tap"), ("#next", "scene.next"), ("#previous", "scene.previous")):
        page.locator(button).tap()
        show.came(name)
    page.locator("#safe").tap()
    show.came("scene.safe")
    # scenes
    page.get_by_role("tab", name="Scenes").tap()
    page.locator(".scene.is-playing", has_text="Canvas").wait_for()
    page.locator(".scene[data-number='1'][style*='still/1']").wait_for()  # as livegan brings it
    page.locator(".scene", has_text="Late tape").tap()
    show.came("scene.5")
    feed.board.put(board(chosen=4, waits_for="the next bar: Late tape"))
    page.locator(".scene.is-chosen", has_text="Late tape").wait_for()
    page.get_by_text("waits for the next bar: Late tape").wait_for()
    # words
    page.get_by_role("tab", name="Words").tap()
    page.locator("#text").fill("gold rain")
    page.keyboard.press("Enter")
    until(lambda: feed.words == ["gold rain"], "words")
    page.get_by_role("button", name="violet smoke over black").tap()
    until(lambda: feed.words == ["violet smoke over black"], "words of the scene")
    page.locator("#clear").tap()
    show.came("prompt.clear")
    feed.telemetry.put(telemetry(prompt=("gold rain", "gold")))
    page.get_by_text("understood: gold").wait_for()
    # mixing, fades, tempo, and back
    page.get_by_role("tab", name="Mix").tap()
    feed.board.put(board(cued=3, crossfade=0.25, decks=(3, 1)))
    page.locator("#cued b", has_text="Neon rain").wait_for()
    assert page.locator("#crossfader .name").inner_text() == "Neon rain \u2194 Canvas"
    drag(page, "crossfade", 0.5)
    show.came("crossfade", 0.75)
    for press in page.locator("#mix [data-press]").all():
        press.tap()
        show.came(str(press.get_attribute("data-press")))
    feed.controls.record(ControlEvent(0.0, "fade", 0.0))
    page.locator("#mark", has_text="Fade out").wait_for()
    assert phone.errors == other.errors == []
    assert other.page.locator("#blackout").inner_text() == "黑场"
    phone.context.close()
    other.context.close()


BOXES = """() => [...document.querySelectorAll("#keys button, .slider, nav button, .step, header")]
  .filter((one) => one.offsetParent).map((one) => { const box = one.getBoundingClientRect();
    return [one.id || one.className, box.left, box.top, box.right, box.bottom, one.closest("#pages") !== null]; })"""


def test_nothing_is_cut_off_and_everything_is_large_enough(browser: "Browser", show: Show) -> None:  # noqa: F811
    held = hold(browser, show)
    for width, height in ((390, 844), (360, 560), (844, 390), (1024, 768)):
        held.page.set_viewport_size({"width": width, "height": height})
        boxes = held.page.evaluate(BOXES)
        assert len(boxes) > 10
        for name, left, top, right, bottom, scrolls in boxes:
            assert -0.5 <= left < right <= width + 0.5, (name, width)
            assert scrolls or (-0.5 <= top < bottom <= height + 0.5), (name, width)
            assert bottom - top >= 40, (name, width)
        assert held.page.evaluate("document.documentElement.scrollWidth") <= width
    held.context.close()


def test_it_comes_back_after_reloads_and_lost_servers_and_says_when_the_show_is_another(
    browser: "Browser",  # noqa: F811
    show: Show,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("livegan.web.remote.page.AGAIN_S", (0.0,))
    held = hold(browser, show)
    page, feed = held.page, show.feed
    page.get_by_role("tab", name="Scenes").tap()
    page.reload()
    page.locator(".scene.is-playing").wait_for()  # and the tab is still open
    assert show.page._process is not None
    show.page._process._process.kill()
    page.get_by_text("No connection").wait_for()
    page.locator("#veil").wait_for(state="hidden")
    feed.telemetry.put(replace(telemetry(), scene="Still here"))
    feed.frames.put(picture(hue=2.0))
    page.get_by_text("Still here").wait_for()
    page.locator("#tap").tap()
    show.came("beat.tap")
    port = int(re.findall(r":(\d+)/", show.page.address)[0])
    show.close()
    page.get_by_text("Looking for the show").wait_for()
    another = Show()
    another.page = RemotePage(another.feed, LOCAL.model_copy(update={"port": port}))
    another.start()
    page.get_by_text("This address is that of an earlier show").wait_for()
    another.close()
    held.context.close()


def test_a_real_show_serves_it_and_when_it_is_killed_nobody_answers_any_more() -> None:
    command = [sys.executable, "main.py", "play", "--headless", "--input", "demo", "--scene", "canvas"]
    command += ["--duration", "60", "--remote", "--remote-port", "0"]
    show = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ | {"NO_COLOR": "1"})
    assert show.stderr is not None
    told = ""
    try:
        while "controls the show" not in told and show.poll() is None:
            told += show.stderr.readline()
        parts = urlsplit(re.findall(r"Phone page: (http://\S+)", told)[0])
        local = f"http://127.0.0.1:{parts.port}"

        async def hold() -> None:
            async with aiohttp.ClientSession() as session, asyncio.timeout(50):
                async with session.get(f"{local}/") as answer:
                    assert (answer.status, await answer.read()) == (404, b"")
                    assert set(answer.headers) == {"Content-Length", "Connection"}
                async with session.get(local + parts.path) as answer:
                    assert answer.status == 200
                async with session.ws_connect(f"{local}{parts.path}ws") as phone:
                    seen = await phone.receive_json()  # the show plays
                    await phone.send_json({"t": 1.0, "do": [["set", "react", 0.75]]})
                    while not (len(seen) == 3 and seen["now"]["at"][0][0] == 0.75):
                        message = await phone.receive()
                        if message.type == aiohttp.WSMsgType.BINARY:
                            seen["picture"] = message.data
                        else:
                            seen |= message.json()
                    assert seen["picture"].startswith(b"\xff\xd8")
                    assert seen["table"]["sliders"][0]["name"] == "react"
                    show.kill()
                    while (await phone.receive()).type not in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
                        pass

        with ThreadPoolExecutor(1) as pool:  # the browser's own loop runs in this thread
            pool.submit(lambda: asyncio.run(hold())).result()

        def silent() -> bool:
            with socket.socket() as own:
                return own.connect_ex(("127.0.0.1", parts.port or 0)) != 0

        until(silent, "the server to end")
    finally:
        show.kill()
        show.wait()
        show.stderr.close()
