"""Studio page without a browser: orders, folders, the queue of jobs, and the guard that stands before everything."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from livegan.errors import LiveganError, StudioError
from livegan.web.studio import jobs as jobs_module
from livegan.web.studio import orders, processes, work_folder
from livegan.web.studio.guard import HEADERS, MAX_PICTURES, SESSION_COOKIE, Guard, session_of
from livegan.web.studio.jobs import MOST_UNFINISHED, Job, JobQueue, described
from livegan.web.studio.orders import Order
from livegan.web.studio.own_networks import network_of, own_networks
from livegan.web.studio.processes import end_earlier, is_at_work
from livegan.web.studio.routes import routes
from livegan.web.studio.serve import _prepare, socket_at
from livegan.web.studio.texts import TEXTS, preferred, texts
from livegan.web.studio.work_folder import overdue, remarks, results, safe_name, size_of, write_record

SESSION = "0" * 32
HOSTILE = [
    *("../../etc/passwd", "--overwrite", "-o", "a;rm -rf ~", "$(id).wav", "compose:piano:1", "http://x/y.wav"),
    *("a\x00b", "", ".", "..", ".hidden", "x" * 500 + ".wav", "C:\\a\\b.wav", "a\nb.mp3", "\u202egpj.wav"),
    "我的歌.mp3",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_made_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe == safe_name(safe)
    assert safe
    assert len(os.fsencode(safe)) < 240
    assert not safe.startswith(("-", "."))
    assert not set(safe) & set("/\\:;$|&<>\"'\x00\n*?~")


def test_letters_of_any_language_stay() -> None:
    assert safe_name("我的 歌.mp3") == "我的 歌.mp3"


def film(song: str, **more: Any) -> Order:
    values: dict[str, Any] = {
        "scene": "tide",
        "scenes": {"tide": "Low tide"},
        "size": "640x360",
        "length_s": 0,
        "fps": 30,
    }
    return orders.film(song, **(values | more))


@pytest.mark.parametrize("name", HOSTILE[1:])
def test_what_was_uploaded_is_never_an_option(name: str) -> None:
    if not name:
        return
    (command,) = film(name).commands
    *_, dashes, song = command
    assert dashes == "--"
    assert Path(song).parent == Path("in")
    assert Path(song).name == safe_name(name)


def test_a_prompt_is_one_argument_whatever_it_says() -> None:
    made = orders.picture("", "--overwrite -o /etc/passwd; \n`id`", "512x512", 80, "1", "", 1, "auto", "house-256")
    (command,) = made.commands
    assert command[:2] == ("dream", "picture")
    assert "--text=--overwrite -o /etc/passwd; `id`" in command
    assert command[3].startswith("out/")
    assert "--" not in command


@pytest.mark.parametrize(
    "wrong",
    [
        {"scene": "../x"},
        {"size": "9x9"},
        {"size": "1280x720;id"},
        {"size": "99999x99999"},
        {"length_s": 7},
        {"fps": 10_000},
        {"fps": float("nan")},
    ],
)
def test_a_value_that_no_widget_has_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(StudioError):
        film("song.wav", **wrong)


def test_every_kind_of_order_has_commands_and_survives_its_record() -> None:
    made = [
        film("song.wav", length_s=15),
        orders.picture("s.mp3", "violet", "512x512", 80, "1", "a.png", 2, "clip", "house-256"),
        orders.dream_film("s.mp3", "", "words.lrc", "448x256", 15, 24, "beats", 1.02, "3", "", 1, "auto", "house-256"),
        orders.projection("me.jpg", "house-256", True, 200),
        orders.projection("me.mp4", "house-256", False, 200),
        orders.training([], 64, 1),
        orders.training(["a.png", "b.png"], 64, 1),
        orders.training(["a.mp4"], 256, 1),
        orders.composition("piano", ["piano"], 8, "F", ["F"], "1", 0.9, True),
    ]
    assert "--audio=aac" in made[2].commands[0]
    assert {order.kind for order in made} == set(orders.KINDS)
    for order in made:
        assert Order.read(json.loads(json.dumps(order.table()))) == order
        assert order.title


@pytest.mark.parametrize(
    "make",
    [
        lambda: film(""),
        lambda: orders.picture("", "  ", "512x512", 80, "1", "", 1, "auto", "house-256"),
        lambda: orders.picture("", "x" * 5000, "512x512", 80, "1", "", 1, "auto", "house-256"),
        lambda: orders.picture("", "x", "512x512", 0, "1", "", 1, "auto", "house-256"),
        lambda: orders.dream_film(
            "s.mp3", "", "words.exe", "448x256", 15, 24, "beats", 1, "3", "", 1, "auto", "house-256"
        ),
        lambda: orders.training(["a.mp4", "b.png"], 64, 1),
        lambda: orders.composition("piano", ["piano"], 8, "H", ["F"], "1", 0.9, True),
        lambda: orders.composition("piano", ["piano"], float("inf"), "", ["F"], "1", 0.9, True),
    ],
)
def test_a_form_that_makes_no_sense_gets_a_sentence(make: Callable[[], Order]) -> None:
    with pytest.raises(StudioError, match=r"\w"):
        make()


def test_no_seed_is_always_another_and_a_wrong_one_is_refused() -> None:
    def seed(text: str) -> str:
        (command,) = orders.picture("", "x", "512x512", 80, text, "", 1, "auto", "house-256").commands
        return next(option for option in command if option.startswith("--seed="))

    assert len({seed(" ") for _ in range(20)}) > 10
    assert (seed("7"), seed(" 0 ")) == ("--seed=7", "--seed=0")
    for wrong in ("-1", "1.5", "x", "²", "9" * 10, "9" * 5000):
        with pytest.raises(StudioError, match="no seed"):
            seed(wrong)


def test_lyrics_are_the_files_that_the_command_line_takes() -> None:
    from livegan.studio.dream.lyrics import ENDINGS

    assert orders.LYRICS == ENDINGS


def test_a_film_is_called_by_its_song_and_the_title_of_its_look() -> None:
    made = film("my song.wav")
    assert made.commands[0][:3] == ("render", "-o", "out/my song - Low tide.mp4")
    assert made.title == "my song · Low tide"


def test_motifs_are_drawn_by_what_can_draw_them_alone() -> None:
    def networks(model: str) -> list[str]:
        (command,) = orders.picture("", "x", "512x512", 80, "1", "", 1, model, orders.MOTIFS).commands
        return [option for option in command if option.startswith("--network")]

    assert [networks(model) for model in orders.MODELS] == [["--network=patterns"]] * 2 + [[]] * 2


def test_a_training_goes_on_only_where_there_is_a_checkpoint(tmp_path: Path) -> None:
    """One that is stopped while it waits, or while its pictures are made ready, has none: it begins anew."""
    order = orders.training(["a.png", "b.png"], 64, 1)
    run = tmp_path / orders.RUN
    run.mkdir(parents=True)
    assert [command[0] for command in order.commands_in(tmp_path)] == ["dataset", "train"]
    (run / "checkpoint.pt").touch()
    assert order.commands_in(tmp_path) == (("train", f"--resume={orders.RUN}"),)
    assert film("song.wav").commands_in(tmp_path) == film("song.wav").commands


# --- the queue


def python(code: str) -> Order:
    """An order whose command is a line of Python, for `quick`."""
    return Order("film", "a test", (("-c", code),))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that start at once: Python itself in the place of `python -P -m livegan`."""
    real = asyncio.create_subprocess_exec

    async def start(program: str, *words: str, **more: Any) -> asyncio.subprocess.Process:
        return await real(program, *words[words.index("livegan") + 1 :], **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)


async def until(ask: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not ask():
            await asyncio.sleep(0.01)


WAITS = "import time, pathlib; pathlib.Path('out/begun').touch(); time.sleep(60)"


@pytest.mark.usefixtures("quick")
def test_jobs_run_so_many_at_a_time_and_the_others_know_their_place(tmp_path: Path) -> None:
    async def play() -> None:
        queue = JobQueue(tmp_path, 1)
        first = queue.submit(SESSION, python(WAITS), {})
        second, third = (queue.submit(SESSION, python("print('livegan: done')"), {}) for _ in range(2))
        assert [queue.place(job) for job in (first, second, third)] == [0, 1, 2]
        queue.cancel(second)
        assert (second.state, queue.place(third)) == ("stopped", 1)
        await until(lambda: (first.folder / "out/begun").exists())
        queue.cancel(first)
        assert first.state == "stopping"
        await until(lambda: third.state == "done")
        assert first.state == "stopped"
        assert [result["name"] for result in described(first, 0, 0)["results"]] == ["begun"]
        again = JobQueue(tmp_path, 1)  # a new server finds them
        assert [job.state for job in again.of(SESSION)] == [job.state for job in queue.of(SESSION)]
        assert again.of("1" * 32) == []
        assert again.find("1" * 32, first.id) is None
        await again.remove(again.of(SESSION)[0])
        assert len(list((tmp_path / SESSION).iterdir())) == 2

    asyncio.run(play())


@pytest.mark.usefixtures("quick")
def test_a_job_that_fails_says_its_last_sentence_and_one_that_crashes_that_it_did(tmp_path: Path) -> None:
    fails = "import sys; print('livegan: song.wav is no song', file=sys.stderr); print('bar'); sys.exit(2)"
    crashes = "import os, signal; print('drawing', flush=True); os.kill(os.getpid(), signal.SIGKILL)"

    async def play() -> None:
        queue = JobQueue(tmp_path, 2)
        made = [queue.submit(SESSION, python(code), {}) for code in (fails, crashes)]
        await until(lambda: all(job.state == "failed" for job in made))
        assert made[0].error == "song.wav is no song"
        assert "signal 9" in made[1].error
        assert "drawing" in made[1].error

    asyncio.run(play())


@pytest.mark.usefixtures("quick")
def test_a_song_that_is_none_is_said_so_and_what_was_never_begun_does_not_go_on(tmp_path: Path) -> None:
    song = tmp_path / "a.mp3"
    song.write_text("no song")
    opened = f"from livegan.core.media import SoundFile; SoundFile({str(song)!r})"
    unheard = f"import sys\ntry: {opened}\nexcept Exception as e: sys.exit(f'livegan: {{e}}')"
    crashes = "import sys; open('out/a.mp4.part', 'w').close(); sys.exit('livegan: no memory')"

    async def play() -> None:
        queue = JobQueue(tmp_path / "jobs", 2)
        made = [queue.submit(SESSION, python(code), {}) for code in (unheard, crashes)]
        await until(lambda: all(job.state == "failed" for job in made))
        told = [described(job, 0, 0) for job in made]
        assert [(each["unheard"], each["resumes"]) for each in told] == [(True, False), (False, True)]

    asyncio.run(play())


@pytest.mark.usefixtures("quick")
def test_a_server_that_ends_ends_its_jobs(tmp_path: Path) -> None:
    async def play() -> Job:
        queue = JobQueue(tmp_path, 1)
        running, waiting = (queue.submit(SESSION, python(WAITS), {}) for _ in range(2))
        await until(lambda: (running.folder / "out/begun").exists())
        process = running.process
        await queue.close()
        assert process is not None
        assert process.returncode == -signal.SIGTERM
        assert waiting.state == "stopped"
        return running

    running = asyncio.run(play())
    assert json.loads((running.folder / "job.json").read_text())["state"] == "stopped"


@pytest.mark.usefixtures("quick")
def test_one_person_cannot_fill_the_queue_nor_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        queue = JobQueue(tmp_path, 1)
        for _ in range(MOST_UNFINISHED):
            queue.submit(SESSION, python(WAITS), {})
        with pytest.raises(StudioError, match="cancel one"):
            queue.submit(SESSION, python(WAITS), {})
        monkeypatch.setattr(work_folder, "LEAST_FREE_BYTES", 1 << 62)
        with pytest.raises(StudioError, match="nearly full"):
            queue.submit("1" * 32, python(WAITS), {})
        await queue.close()

    asyncio.run(play())


@pytest.mark.usefixtures("quick")
def test_what_has_ended_is_read_once_and_again_when_it_has_gone_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def results_of(folder: Path) -> list[str]:
        read.append(folder.name)
        return results(folder)

    monkeypatch.setattr(jobs_module, "results", results_of)

    async def play() -> None:
        queue = JobQueue(tmp_path, 1)
        code = "import sys; open('out/b.mp4' if os.path.exists('out/a.mp4') else 'out/a.mp4', 'w').close(); sys.exit(2)"
        job = queue.submit(SESSION, python("import os; " + code), {})
        await until(lambda: job.state == "failed")
        first, again = [await queue.described(SESSION, 9) for _ in range(2)]
        assert first == again
        assert [result["name"] for result in first[0]["results"]] == ["a.mp4"]
        assert read == [job.id]
        queue.go_on(job)
        assert (await queue.described(SESSION, 9))[0]["state"] in ("running", "failed")
        await until(lambda: job.state == "failed")
        assert len((await queue.described(SESSION, 9))[0]["results"]) == 2

    asyncio.run(play())


@pytest.mark.usefixtures("quick")
def test_a_network_that_was_trained_here_can_be_chosen_by_its_session_alone(tmp_path: Path) -> None:
    made = f"{orders.RUN}/snapshots"
    code = f"import os; os.makedirs({made!r}); "
    code += f"[open({made!r} + name, 'w').close() for name in ('/000001.safetensors', '/000001.json', '/000002.json')]"

    async def play() -> None:
        queue = JobQueue(tmp_path, 1)
        job = queue.submit(SESSION, Order("train", "my cats", (("-c", code),)), {})
        other = queue.submit(SESSION, python("print()"), {})
        await until(lambda: other.state == "done")
        assert own_networks(queue.of(SESSION)) == [("my cats", job.id)]
        network, files = network_of(queue, SESSION, job.id, ["house-256"])
        assert network == "in/000001.safetensors"
        assert set(files) == {"000001.safetensors", "000001.json"}
        assert {safe_name(name) for name in files} == set(files)  # under which they get into a job's folder
        assert network_of(queue, SESSION, "house-256", ["house-256"]) == ("house-256", {})
        for session, name in ((SESSION, other.id), (SESSION, "../x"), ("1" * 32, job.id), (SESSION, "house-9")):
            with pytest.raises(StudioError, match="no such network"):
                network_of(queue, session, name, ["house-256"])

    asyncio.run(play())


@pytest.mark.usefixtures("quick")
def test_going_on_counts_as_a_job_of_its_person(tmp_path: Path) -> None:
    async def play() -> None:
        queue = JobQueue(tmp_path, 1)
        stopped = queue.submit(SESSION, python(WAITS), {})
        queue.cancel(stopped)
        await until(lambda: stopped.state == "stopped")
        for _ in range(MOST_UNFINISHED):
            queue.submit(SESSION, python(WAITS), {})
        with pytest.raises(StudioError, match="cancel one"):
            queue.go_on(stopped)
        assert stopped.state == "stopped"
        await queue.close()

    asyncio.run(play())


STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAITS


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("early", [True, False], ids=["while it is started", "while it runs"])
def test_a_cancelled_job_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    monkeypatch.setattr(jobs_module, "KILL_AFTER_S", 0.01)
    real = processes.start

    async def play() -> None:
        queue = JobQueue(tmp_path, 1)
        job = queue.submit(SESSION, python(STUBBORN), {})

        async def start(*arguments: Any) -> asyncio.subprocess.Process:
            process = await real(*arguments)
            await until(lambda: (job.folder / "out/begun").exists())
            queue.cancel(job)
            return process

        if early:
            monkeypatch.setattr(jobs_module, "start", start)
        else:
            await until(lambda: (job.folder / "out/begun").exists())
            queue.cancel(job)
        await until(lambda: job.state == "stopped")

    asyncio.run(play())


@pytest.mark.usefixtures("quick")
def test_nothing_that_a_job_has_started_outlives_it(tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WAITS!r}], close_fds=False); "
    code += "import pathlib, time\nwhile not pathlib.Path('out/begun').exists(): time.sleep(0.01)"

    async def play() -> None:
        queue = JobQueue(tmp_path, 1)
        job = queue.submit(SESSION, python(code), {})
        await until(lambda: job.state == "done")
        await until(lambda: not is_at_work(job.folder))  # what it has started has its lock too

    asyncio.run(play())


@pytest.mark.parametrize("code", [WAITS, STUBBORN], ids=["willing", "stubborn"])
def test_what_a_killed_server_has_left_running_is_ended(tmp_path: Path, code: str) -> None:
    (tmp_path / "out").mkdir()
    server = "import asyncio, pathlib, sys, time; from livegan.web.studio.processes import start; "
    server += f"begin = start([sys.executable, '-c', {code!r}], pathlib.Path({str(tmp_path)!r}), {{}}, sys.stdout); "
    server += "loop = asyncio.new_event_loop(); loop.run_until_complete(begin); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", server])
    asyncio.run(until(lambda: (tmp_path / "out/begun").exists()))
    process.kill()
    process.wait()
    assert is_at_work(tmp_path)
    end_earlier([tmp_path], 0.2)
    assert not is_at_work(tmp_path)


@pytest.mark.usefixtures("quick")
def test_a_second_process_never_begins_in_a_jobs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FREE_S", 0.0)

    async def play() -> None:
        queue = JobQueue(tmp_path, 1)
        job = queue.submit(SESSION, python("print('in')"), {})
        with processes._locked(job.folder):
            await until(lambda: job.state == "failed")
        assert "still at work" in job.error
        queue.go_on(job)
        await until(lambda: job.state == "done")

    asyncio.run(play())


@pytest.mark.usefixtures("quick")
def test_inputs_are_copies_and_results_have_no_links(tmp_path: Path) -> None:
    upload, secret = tmp_path / "up.wav", tmp_path / "secret.txt"
    upload.write_bytes(b"song")
    secret.write_text("secret")
    code = f"import os; os.symlink({str(secret)!r}, 'out/a.png'); os.mkdir('out/x.parts-1'); "
    code += "open('out/b.mp4', 'w'); open('out/.c', 'w')"

    async def play() -> None:
        queue = JobQueue(tmp_path / "root", 1)
        job = queue.submit(SESSION, python(code), {"../up.wav": upload})
        await until(lambda: job.state != "running")
        assert (job.folder / "in/up.wav").read_bytes() == b"song"
        assert results(job.folder) == ["b.mp4"]

    asyncio.run(play())


def ended_job(root: Path, number: int, age_s: float) -> Path:
    """The folder of a job that ended so long ago."""
    folder = root / SESSION / f"20260101-00000{number}-0000000{number}"
    (folder / "out").mkdir(parents=True)
    (folder / "out" / "film.mp4").write_bytes(bytes(1000))
    job = Job(SESSION, folder, python("print()"), time.time() - age_s, "stopped")
    write_record(folder, job.record())
    os.utime(folder / "job.json", (time.time() - age_s,) * 2)
    return folder


def test_sweeping_removes_old_jobs_and_nothing_else(tmp_path: Path) -> None:
    job = partial(ended_job, tmp_path)
    old, newer, newest, busy = job(1, 900), job(2, 50), job(3, 10), job(4, 900)
    foreign = [tmp_path / "photos" / "a.png", tmp_path / SESSION / "notes.txt", tmp_path / SESSION / "mine" / "b.png"]
    foreign += [tmp_path / SESSION / "20260101-000009-00000009" / "no record.txt"]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    outside = tmp_path / "outside"
    outside.mkdir()
    write_record(outside, {})
    (tmp_path / SESSION / "20260101-000008-00000008").symlink_to(outside)
    assert overdue(tmp_path, time.time(), 100, 1 << 30, {busy}) == [old]
    assert overdue(tmp_path, time.time(), 100, size_of(newest) + 100, {busy}) == [old, newer]
    queue = JobQueue(tmp_path, 1)
    next(job for job in queue.of(SESSION) if job.folder == busy).state = "running"
    asyncio.run(queue.sweep(100, size_of(newest) + 100))
    assert [folder.exists() for folder in (old, newer, newest, busy)] == [False, False, True, True]
    assert {job.folder for job in queue.of(SESSION)} == {newest, busy}
    assert all(path.exists() for path in (*foreign, outside / "job.json"))


def test_folders_are_looked_through_and_removed_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        ended_job(tmp_path, number, 900)
    queue, threads = JobQueue(tmp_path, 1), []

    def noting(work: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any) -> Any:
            threads.append(threading.current_thread())
            return work(*args)

        return noted

    for name in ("overdue", "remove_job"):
        monkeypatch.setattr(jobs_module, name, noting(getattr(work_folder, name)))

    route = next(route for route in routes(queue, {}) if route.path == "/jobs/{job}/remove")
    scope = {"type": "http", "headers": [(b"content-type", b"application/json")], "state": {"session": SESSION}}

    async def clear() -> None:
        answer = await route.endpoint(Request(scope | {"path_params": {"job": queue.of(SESSION)[0].id}}))
        assert answer.status_code == 200
        assert len(list((tmp_path / SESSION).iterdir())) == 1
        await queue.sweep(100, 1 << 30)

    asyncio.run(clear())
    assert not list(tmp_path.iterdir())
    assert len(threads) == 3
    assert threading.current_thread() not in threads


def test_a_job_that_is_begun_again_while_the_folders_are_looked_through_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ended_job(tmp_path, 1, 900)
    queue = JobQueue(tmp_path, 1)
    (job,) = queue.of(SESSION)

    def slow(*_: object) -> list[Path]:
        job.state = "waiting"
        return [folder]

    monkeypatch.setattr(jobs_module, "overdue", slow)
    asyncio.run(queue.sweep(100, 1 << 30))
    assert folder.exists()
    assert queue.of(SESSION) == [job]


# --- the guard

TOKEN = "t" * 43
COOKIE = "c" * 43


class Inner:
    """An application behind the guard: says which path it was asked for."""

    def __init__(self, answer: bytes = b"in") -> None:
        self.answer, self.asked = answer, 0

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        self.asked += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.answer})


def ask(guard: Guard, path: str, method: str = "GET", query: str = "", **headers: str) -> tuple[int, dict[str, str]]:
    """A request as the page makes it, but for `headers`; "" leaves one out."""
    cookies = f"{SESSION_COOKIE}={COOKIE}; {guard._cookie}={TOKEN}"
    own = {"host": "127.0.0.1:7860", "cookie": cookies}
    own |= {"origin": "http://127.0.0.1:7860", "content-length": "2"} if method == "POST" else {}
    own |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}"}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in own.items() if value],
    }
    asyncio.run(guard(scope, receive, send))
    got = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], got


def guarded(inner: Inner | None = None) -> Guard:
    return Guard(inner or Inner(), TOKEN, 1 << 20, Path("/"))


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/jobs", "GET", {}, 200),
        ("/jobs", "GET", {"cookie": ""}, 403),
        ("/jobs", "GET", {"cookie": f"{SESSION_COOKIE}={COOKIE}"}, 403),
        ("/en/", "GET", {"host": "evil.example:7860"}, 403),  # DNS rebinding
        ("/en/", "GET", {"host": ""}, 403),
        ("/jobs/x/cancel", "POST", {}, 200),
        ("/jobs/x/cancel", "POST", {"origin": "http://evil.example"}, 403),
        ("/jobs/x/cancel", "POST", {"origin": ""}, 403),
        ("/jobs/x/cancel", "POST", {"origin": "null"}, 403),
        ("/jobs/x/cancel", "POST", {"content_length": ""}, 411),
        ("/jobs/x/cancel", "POST", {"content_length": "²"}, 411),
        ("/en/gradio_api/upload", "POST", {"content_length": "2000000000"}, 413),
        ("/en/gradio_api/upload", "POST", {"content_length": "1000000"}, 200),
        ("/en/gradio_api/queue/join", "POST", {"content_length": "2000000"}, 413),
        ("/en/gradio_api/upload", "POST", {"transfer_encoding": "chunked"}, 411),
        ("/en/gradio_api/upload", "POST", {"transfer_encoding": "chunked", "content_length": ""}, 411),
        ("/jobs", "GET", {"transfer_encoding": "chunked"}, 411),
        ("/en/gradio_api/file=/etc/passwd", "GET", {}, 404),
        ("/zh/gradio_api/file=../../etc/passwd", "GET", {}, 404),
        ("/en/gradio_api/proxy=http://evil.example", "GET", {}, 404),
        ("/en/gradio_api/call/submit", "POST", {}, 404),
        ("/en/monitoring", "GET", {}, 404),
        ("/en/file=/etc/passwd", "GET", {}, 404),
        ("/enter", "GET", {}, 404),
    ],
)
def test_only_the_page_itself_gets_in(path: str, method: str, headers: dict[str, str], status: int) -> None:
    inner = Inner()
    got, answered = ask(guarded(inner), path, method, **headers)
    assert got == status
    assert inner.asked == (status == 200)
    assert HEADERS.items() <= answered.items()
    assert "default-src 'self'" in answered["content-security-policy"]


def test_the_address_with_its_token_is_opened_once_and_becomes_cookies() -> None:
    guard = guarded()
    assert ask(guard, "/", query="token=wrong", cookie="")[0] == 403
    status, headers = ask(guard, "/", query=f"token={TOKEN}", cookie="")
    assert status == 200
    assert "HttpOnly; SameSite=Strict" in headers["set-cookie"]
    assert ask(guard, "/jobs", cookie=f"{guard._cookie}={TOKEN}")[0] == 403  # no session yet


def test_an_upload_is_its_sessions_alone() -> None:
    guard = guarded(Inner(b'["/uploads/1/a.wav"]'))
    assert ask(guard, "/en/gradio_api/upload", "POST")[0] == 200
    assert guard.has_uploaded(session_of(COOKIE), "/uploads/1/a.wav")
    assert ask(guard, "/en/gradio_api/file=/uploads/1/a.wav")[0] == 200
    other = f"{SESSION_COOKIE}={'d' * 43}; {guard._cookie}={TOKEN}"
    assert ask(guard, "/en/gradio_api/file=/uploads/1/a.wav", cookie=other)[0] == 404
    assert not guard.has_uploaded(session_of("d" * 43), "/uploads/1/a.wav")


def test_as_many_pictures_as_the_form_promises_can_be_uploaded_and_a_song_beside_them() -> None:
    pictures = [f"/uploads/{number}/a.png" for number in range(MAX_PICTURES)]
    guard = guarded(Inner(json.dumps(pictures).encode()))
    ask(guard, "/en/gradio_api/upload", "POST")
    guard._app = Inner(b'["/uploads/x/a.wav"]')
    ask(guard, "/en/gradio_api/upload", "POST")
    assert all(guard.has_uploaded(session_of(COOKIE), path) for path in [*pictures, "/uploads/x/a.wav"])
    assert all(str(MAX_PICTURES) in text for text in TEXTS["pictures.hint"])


def test_nothing_is_uploaded_that_fills_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = guarded()
    free = shutil.disk_usage("/").free
    monkeypatch.setattr(work_folder, "LEAST_FREE_BYTES", free + (1 << 40))
    assert ask(guard, "/en/gradio_api/upload", "POST")[0] == 507
    assert ask(guard, "/jobs/x/remove", "POST")[0] == 200  # which makes room


def test_uploads_are_swept_when_they_are_old_and_those_of_a_killed_server_when_one_begins(tmp_path: Path) -> None:
    mine = tmp_path / "livegan-uploads" / "a.png"
    old, new = (tmp_path / "livegan-uploads-a1b2_3d4" / name / "song.wav" for name in ("old", "new"))
    for path in (mine, old, new):
        path.parent.mkdir(parents=True)
        path.touch()
    os.utime(old, (time.time() - 900,) * 2)
    begun = new.parents[1] / "begun"  # what is uploaded comes into it in a moment
    begun.mkdir()
    work_folder.sweep_uploads(new.parents[1], time.time(), 100)
    assert (old.parent.exists(), new.exists(), begun.exists()) == (False, True, True)
    work_folder.remove_stale_uploads(tmp_path)
    assert (new.parents[1].exists(), mine.exists()) == (False, True)


def test_a_folder_that_was_there_keeps_its_mode_and_a_new_one_is_private(tmp_path: Path) -> None:
    mine, new = tmp_path / "mine", tmp_path / "a" / "new"
    mine.mkdir(mode=0o750)
    for folder in (mine, new):
        _prepare(folder)
    assert [folder.stat().st_mode & 0o777 for folder in (mine, new)] == [0o750, 0o700]


@pytest.mark.parametrize("cookie", ["", "x", "c" * 44, "../../" + "c" * 37, "c" * 42 + "\n"])
def test_a_cookie_that_is_none_of_ours_is_no_session(cookie: str) -> None:
    assert session_of(cookie) == ""


def test_the_name_of_a_session_does_not_give_its_cookie_away() -> None:
    assert len(session_of(COOKIE)) == 32
    assert session_of(COOKIE) != session_of("d" * 43)


def test_a_port_that_is_taken_gets_a_sentence() -> None:
    with socket_at("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(LiveganError, match="--port 0 for any that is free"), socket_at("127.0.0.1", port):
            pass


# --- texts


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    for key, (english, chinese) in TEXTS.items():
        assert english.strip() == english != ""
        assert chinese.strip() == chinese != ""
        assert english.count("{}") == chinese.count("{}"), key


def test_every_text_that_the_script_asks_for_is_there() -> None:
    import re

    script = (Path(jobs_module.__file__).parents[1] / "pages" / "studio.js").read_text(encoding="utf-8")
    asked = set(re.findall(r'say\("([^"]+)"|texts\.([a-z]+)|texts\["([^"]+)"\]', script))
    names = {next(filter(None, groups)) for groups in asked}
    assert len(names) > 12
    assert not {name for name in names if f"js.{name}" not in TEXTS}
    assert {f"js.empty.{kind}" for kind in orders.KINDS} <= texts("en").keys()


def test_what_a_dream_is_at_work_on_is_said() -> None:
    from livegan.studio.dream import film, film_plan

    stages = film_plan.LISTENING, film.DREAMING, film.SEGMENTS
    assert {f"js.what.{stage}" for stage in stages} <= texts("en").keys()


def test_why_a_form_does_not_begin_is_said_in_its_language() -> None:
    for make in (lambda: film(""), lambda: orders.picture("", "", "1x1", 1, "", "", 1, "auto", "house-256"),
                 lambda: orders.projection("", "house-256", True, 200)):  # fmt: skip
        with pytest.raises(StudioError) as refused:
            make()
        assert f"error.{refused.value}" in TEXTS


def test_only_models_that_are_here_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gradio")
    from livegan.web.studio import page

    for here, offered in (((), ["auto"]), (("vqgan",), ["auto"]), (("clip",), ["auto", "embedded", "clip"]),
                          (("clip", "vqgan"), list(orders.MODELS))):  # fmt: skip
        monkeypatch.setattr(page, "models_here", dict.fromkeys(here, True).get)
        assert page._models() == offered


@pytest.mark.parametrize(
    ("header", "language"), [("zh-CN,zh;q=0.9,en", "zh"), ("en-GB,zh", "en"), ("", "en"), ("de", "en"), ("ZH-tw", "zh")]
)
def test_the_first_language_is_the_browsers(header: str, language: str) -> None:
    assert preferred(header) == language


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from livegan.web.studio.serve import INSTALL, StudioOptions, serve_studio

    monkeypatch.setitem(sys.modules, "gradio", None)
    options = StudioOptions(tmp_path / "studio", "127.0.0.1", 0, 1, 10, 1, 1)
    with pytest.raises(StudioError, match=r"pip install 'livegan\[studio\]'"):
        serve_studio(options, lambda address: pytest.fail(address))
    assert "Gradio" in INSTALL


def test_remarks_are_neither_bars_nor_names_of_results(tmp_path: Path) -> None:
    said = ["slow, smoke: silk",
            "CLIP does not hear the song; type: livegan networks add wav2clip.",
            "a.png \N{BOX DRAWINGS HEAVY HORIZONTAL} 80/80", "out/a.png",
            "a.mp4 \N{BOX DRAWINGS HEAVY LEFT} 1/80", "livegan: no song", "",
            "0.5 of 1 kimg  3.2 img/s  2:34 left  loss_g 1.67"]  # fmt: skip
    (tmp_path / "log.txt").write_text("\n".join(said), encoding="utf-8")
    assert remarks(tmp_path) == ["slow, smoke: silk", "CLIP does not hear the song."]


def test_gradio_sees_that_a_tab_asks_for_its_session(tmp_path: Path) -> None:
    """Else it warns of each tab as the page is built: it reads no annotations of a partial."""
    from gradio.utils import check_function_inputs_match  # late: it loads gradio

    from livegan.web.studio.page import Choices, StudioPage

    class Tab:
        def select(self, function: Callable[..., Any], *_: Any, **__: Any) -> None:
            self.function = function

    tab, choices, choice = Tab(), cast("Choices", SimpleNamespace(networks=["house-256"])), cast("Any", None)
    page = StudioPage(cast("Any", None), JobQueue(tmp_path, 1), texts("en"), choices)
    page._offer_networks(cast("Any", tab), choice, [])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_function_inputs_match(tab.function, [], inputs_as_dict=False)
    request = Request({"type": "http", "headers": []})
    offered = [name for _, name in asyncio.run(tab.function(request)).choices]
    assert offered == ["house-256"]
