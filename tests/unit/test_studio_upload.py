"""Uploads: a synchronised folder, a real WebDAV server with every fault, rsync; originals stay as they are."""

import errno
import hashlib
import os
import shutil
import socket
import ssl
import stat
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from livegan.cli import app
from livegan.cli import upload as upload_command
from livegan.errors import DatasetError
from livegan.studio import upload_target as targets
from livegan.studio.upload import BackgroundUpload, Uploader, datasets_in, retried, upload_target
from livegan.studio.upload_target import FolderTarget, RsyncTarget, TransientUploadError, UploadTarget
from livegan.studio.webdav import WebDavTarget, check_address
from tests.deadline import until
from tests.webdav_server import PASSWORD, USER, WebDavServer


def no_wait(_seconds: float, _error: object) -> bool:
    return False


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[Path]:
    """Three pictures that nobody may change."""
    folder = tmp_path / "datasets" / "faces"
    folder.mkdir(parents=True)
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"faces_01-02-2026_03-04-05-00000{number}.jpeg")
    (folder / ".hidden.jpeg").write_bytes(b"half")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    yield folder
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebDavServer]:
    with WebDavServer(tmp_path / "server") as running:
        yield running


def connected(server: WebDavServer, timeout_s: float = 10.0) -> WebDavTarget:
    return WebDavTarget(server.address, USER, PASSWORD, timeout_s)


def same(dataset: Path, there: Path) -> bool:
    """Whether exactly the pictures are there, with the same bytes."""
    pictures = {path.name: path.read_bytes() for path in dataset.glob("faces_*")}
    return {path.name: path.read_bytes() for path in there.iterdir()} == pictures


def test_a_folder_gets_whole_files_and_only_those_that_are_missing(dataset: Path, tmp_path: Path) -> None:
    place = tmp_path / "synced"
    place.mkdir()
    uploader = Uploader(dataset, FolderTarget(place), wait=no_wait)
    assert str(uploader.status()) == "faces: not uploaded, 3 pictures"
    counts: list[int] = []
    assert uploader.run(counts.append) == 3
    assert counts == [1, 2, 3]
    assert same(dataset, place / "faces")
    first = sorted((place / "faces").iterdir())[0]
    first.write_bytes(b"half")
    again = Uploader(dataset, FolderTarget(place), wait=no_wait)
    assert str(again.status()) == "faces: partially uploaded, 2 of 3 pictures, 1 of another size"
    assert again.run() == 1
    assert same(dataset, place / "faces")
    assert str(again.status()) == "faces: uploaded, 3 pictures"
    assert again.run() == 0


def test_a_folder_that_is_not_there_full_or_the_source_is_refused(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetError, match="mount that drive"):
        FolderTarget(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="where the pictures are"):
        Uploader(dataset, FolderTarget(dataset.parent), wait=no_wait)._target.put(next(dataset.glob("f*")), "faces")
    (tmp_path / "synced").mkdir()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match=r"No space left on device.*make room"):
        Uploader(dataset, FolderTarget(tmp_path / "synced"), wait=no_wait).run()
    assert list((tmp_path / "synced" / "faces").iterdir()) == []


def test_what_did_not_arrive_whole_is_copied_again(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "synced").mkdir()
    hashes, waits = iter(["wrong"]), []
    right = targets.file_hash
    monkeypatch.setattr(targets, "file_hash", lambda path, kind: next(hashes, None) or right(path, kind))
    uploader = Uploader(dataset, FolderTarget(tmp_path / "synced"), wait=lambda s, _: bool(waits.append(s)))
    assert uploader.run() == 3
    assert waits == [1.0]
    assert same(dataset, tmp_path / "synced" / "faces")


def test_a_webdav_server_gets_whole_files_under_a_passing_name_first(dataset: Path, server: WebDavServer) -> None:
    target = connected(server)
    uploader = Uploader(dataset, target, wait=no_wait)
    assert str(uploader.status()) == "faces: not uploaded, 3 pictures"
    assert uploader.run() == 3
    assert same(dataset, server.folder / "pictures" / "faces")
    assert all(path.endswith(".uploading") for path in server.verbs("PUT"))
    assert len(server.verbs("MOVE")) == len(server.verbs("GET")) == 3  # this server gives no checksum: read back
    server.requests.clear()
    assert Uploader(dataset, target, wait=no_wait).run() == 0
    assert server.verbs("PUT") == []
    target.close()


def test_a_server_that_dies_in_the_middle_is_waited_for(dataset: Path, server: WebDavServer) -> None:
    waits: list[float] = []
    place = server.folder / "pictures" / "faces"
    place.mkdir()

    def wait(seconds: float, _error: object) -> bool:
        waits.append(seconds)
        if len(waits) == 1:
            assert [path.suffix for path in place.iterdir()] == [".uploading"]  # half of one, without its name
            server.stop()
        if len(waits) == 3:
            server.start()
        return False

    target = connected(server)
    server.die_after = 1000
    assert Uploader(dataset, target, wait=wait).run() == 3
    assert waits == [1.0, 2.0, 4.0]
    assert same(dataset, place)
    target.close()


@pytest.mark.parametrize(
    ("verb", "status", "sentence"),
    [("PUT", 507, "full"), ("PUT", 413, "size"), ("PROPFIND", 403, "may not"), ("PROPFIND", 301, "new address")],
)
def test_what_does_not_pass_is_said_at_once(
    dataset: Path, server: WebDavServer, verb: str, status: int, sentence: str
) -> None:
    server.answers[verb] = [status]
    target = connected(server)
    with pytest.raises(DatasetError, match=sentence):
        Uploader(dataset, target, wait=lambda s, _: pytest.fail("it waits")).run()
    target.close()


def test_a_busy_server_says_how_long_to_wait_and_a_wrong_answer_is_tried_again(
    dataset: Path, server: WebDavServer
) -> None:
    waits: list[float] = []
    server.answers["PUT"], server.headers = [429, 503], [("Retry-After", "17")]
    server.answers["MOVE"] = [423]
    target = connected(server)
    assert Uploader(dataset, target, wait=lambda s, _: bool(waits.append(s))).run() == 3
    assert waits == [17.0, 17.0, 17.0]
    assert same(dataset, server.folder / "pictures" / "faces")
    target.close()


def test_a_wrong_password_is_said_without_it(dataset: Path, server: WebDavServer) -> None:
    target = WebDavTarget(server.address, USER, "hunter2")
    with pytest.raises(DatasetError, match=r"password is refused.*401") as error:
        Uploader(dataset, target, wait=no_wait).status()
    assert "hunter2" not in str(error.value)
    target.close()


def test_a_slow_server_is_given_up_and_tried_again(dataset: Path, server: WebDavServer) -> None:
    waits: list[float] = []
    hold = server.hold = threading.Event()

    def wait(seconds: float, _error: object) -> bool:
        waits.append(seconds)
        hold.set()
        return False

    target = connected(server, timeout_s=0.5)
    assert Uploader(dataset, target, wait=wait).run() == 3
    assert waits
    assert same(dataset, server.folder / "pictures" / "faces")
    target.close()


def test_what_arrives_as_something_else_never_gets_its_name(dataset: Path, server: WebDavServer) -> None:
    server.spoil = True
    target = connected(server)
    with pytest.raises(DatasetError, match="checksum differs"):
        Uploader(dataset, target, tries=2, wait=no_wait).run()
    assert not [path for path in (server.folder / "pictures" / "faces").iterdir() if path.name.startswith("faces")]
    target.close()


def test_a_checksum_of_the_server_spares_reading_back(dataset: Path, server: WebDavServer) -> None:
    picture = next(dataset.glob("faces_*"))
    sha1 = hashlib.sha1(picture.read_bytes()).hexdigest()
    target = connected(server)
    send = target._send

    def owncloud(*words: Any) -> Any:
        reply = send(*words)
        reply.headers["oc-checksum"] = f"SHA1:{sha1}"  # type: ignore[index]
        return reply

    target._send = owncloud  # type: ignore[method-assign]
    target.put(picture, "faces")
    assert server.verbs("GET") == []
    sha1 = "0" * 40
    with pytest.raises(TransientUploadError, match="checksum"):
        target.put(picture, "faces")
    target.close()


def test_a_connection_that_the_server_has_closed_meanwhile_is_opened_again(dataset: Path, server: WebDavServer) -> None:
    target, pictures = connected(server), sorted(dataset.glob("faces_*"))
    for picture in pictures:
        target.put(picture, "faces")
        assert target._connection is not None
        target._connection.sock.shutdown(socket.SHUT_RDWR)
    assert same(dataset, server.folder / "pictures" / "faces")
    target.close()


def test_certificates_are_verified() -> None:
    connection: Any = WebDavTarget("https://cloud.example/dav", USER, PASSWORD)._connect()
    assert connection._context.verify_mode == ssl.CERT_REQUIRED
    assert connection._context.check_hostname


def test_folders_that_are_missing_are_made(dataset: Path, server: WebDavServer) -> None:
    target = WebDavTarget(f"{server.address}/a b/deep", USER, PASSWORD)
    target.put(next(dataset.glob("faces_*")), "faces")
    assert len(list((server.folder / "pictures" / "a b" / "deep" / "faces").iterdir())) == 1
    target.close()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("https://ada:hunter2@cloud.example/dav", "leave the password out"),
        ("http://cloud.example/dav", "in the clear"),
        ("ftp://cloud.example/dav", "https://"),
        ("https://", "https://"),
        ("https://cloud.example:99999/dav", "no address"),
    ],
)
def test_addresses_that_would_leak_or_cannot_be_are_refused(address: str, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence) as error:
        check_address(address)
    assert "hunter2" not in str(error.value)


def test_a_listing_with_entities_or_cut_off_is_no_listing(dataset: Path, server: WebDavServer) -> None:
    from livegan.studio.webdav import _rows

    with pytest.raises(DatasetError, match="entities"):
        _rows(b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    with pytest.raises(TransientUploadError):
        _rows(b"<d:multistatus xmlns:d='DAV:'>")
    with pytest.raises(TransientUploadError):
        _rows(b'<?xml version="1.0" encoding="no-such"?><x/>')
    with pytest.raises(DatasetError, match="UTF-16"):
        _rows('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'.encode("utf-16"))


@pytest.mark.parametrize(("text", "size"), [(" 7\n", 7), ("²", None), ("٣", None), ("9" * 5000, None), ("-1", None)])
def test_a_number_of_the_server_is_plain_digits(dataset: Path, text: str, size: int | None) -> None:
    from livegan.studio.webdav import Reply, _rows

    row = f"<d:response><d:href>/a</d:href><d:getcontentlength>{text}</d:getcontentlength></d:response>"
    assert _rows(f"<d:multistatus xmlns:d='DAV:'>{row}</d:multistatus>".encode()) == [("a", size, "")]
    with pytest.raises(TransientUploadError) as caught:
        WebDavTarget("https://example.org/x", USER, PASSWORD)._check(Reply(429, {"retry-after": text}), (207,))
    assert caught.value.wait_s == size


RSYNC = """#!{python}
import os, shutil, sys
arguments, place = sys.argv[1:], sys.argv[-1]
if os.path.exists({fault!r}):
    words = open({fault!r}).read().split(None, 1)
    os.remove({fault!r})
    sys.exit((sys.stderr.write(words[1]), int(words[0]))[1])
if "--list-only" in arguments:
    if not os.path.isdir(place):
        sys.exit((sys.stderr.write("rsync: change_dir failed: No such file (2)"), 23)[1])
    for name in sorted(os.listdir(place)):
        print(f"-rw-r--r-- {{os.path.getsize(os.path.join(place, name)):>14,}} 2026/11/29 04:00:00 {{name}}")
else:
    for name in sys.stdin.read().split("\\n"):
        if name[:1] in "#;":
            continue
        os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
        shutil.copy(os.path.join(arguments[-2], name), os.path.join(place, name))
"""


@pytest.fixture(params=["standin", "installed"] if shutil.which("rsync") else ["standin"])
def rsync(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A program that stands in for rsync, and rsync where it is installed."""
    if request.param == "installed":
        return str(shutil.which("rsync"))
    return rsync_standin(tmp_path)


def rsync_standin(tmp_path: Path) -> str:
    program = tmp_path / "rsync"
    program.write_text(RSYNC.format(python=sys.executable, fault=str(tmp_path / "fault")))
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return str(program)


@pytest.mark.skipif(sys.platform == "win32", reason="the program that stands in is a script")
def test_rsync_copies_what_is_missing_in_one_run(dataset: Path, tmp_path: Path, rsync: str) -> None:
    place = tmp_path / "remote"
    place.mkdir()
    uploader = Uploader(dataset, RsyncTarget(str(place), rsync), wait=no_wait)
    assert len(uploader.status().missing) == 3
    assert uploader.run() == 3
    assert same(dataset, place / "faces")
    next((place / "faces").iterdir()).write_bytes(b"half")
    again = Uploader(dataset, RsyncTarget(str(place), rsync), wait=no_wait)
    assert len(again.status().partial) == 1
    assert again.run() == 1
    assert same(dataset, place / "faces")


@pytest.mark.skipif(sys.platform == "win32", reason="the program that stands in is a script")
def test_a_network_that_fails_rsync_is_tried_again_and_a_missing_key_is_said(dataset: Path, tmp_path: Path) -> None:
    rsync = rsync_standin(tmp_path)
    (tmp_path / "remote").mkdir()
    waits: list[float] = []
    (tmp_path / "fault").write_text("12 connection closed")
    uploader = Uploader(dataset, RsyncTarget(str(tmp_path / "remote"), rsync), wait=lambda s, _: bool(waits.append(s)))
    assert uploader.run() == 3
    assert waits == [1.0]
    (tmp_path / "fault").write_text("255 ada@host: Permission denied (publickey).")
    with pytest.raises(DatasetError, match="ssh-copy-id"):
        RsyncTarget(str(tmp_path / "remote"), rsync).sizes("faces")
    (tmp_path / "fault").write_text("11 rsync: write failed: No space left on device (28)")
    with pytest.raises(DatasetError, match="No space left"):
        RsyncTarget(str(tmp_path / "remote"), rsync).put(next(dataset.glob("faces_*")), "faces")


def test_without_rsync_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DatasetError, match="apt install rsync"):
        RsyncTarget("host:there")


def test_the_kind_of_a_target_is_seen_from_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/rsync")
    asked: list[tuple[str, str]] = []

    def password(user: str, host: str) -> str:
        asked.append((user, host))
        return "secret"

    def kind(place: str, user: str = "") -> type[UploadTarget]:
        return type(upload_target(place, user, password))

    assert kind(str(tmp_path)) is FolderTarget
    assert kind("ada@host:pictures") is kind("rsync://host/module") is kind("rsync:/mnt/disk") is RsyncTarget
    assert kind("https://ada@cloud.example/dav") is WebDavTarget
    assert asked == [("ada", "cloud.example")]
    with pytest.raises(DatasetError, match="--user"):
        kind("https://cloud.example/dav")
    target = upload_target("https://cloud.example:8443/dav/", "ada", password)
    assert target.name == "https://cloud.example:8443/dav"


def test_retries_double_and_end() -> None:
    waits: list[float] = []

    def fail() -> None:
        raise TransientUploadError("away")

    with pytest.raises(DatasetError, match="type the same again"):
        retried(fail, lambda s, _: bool(waits.append(s)), tries=9)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_an_upload_beside_a_capture_takes_what_comes_and_ends(tmp_path: Path) -> None:
    folder, place = tmp_path / "faces", tmp_path / "synced"
    folder.mkdir()
    place.mkdir()
    beside = BackgroundUpload(folder, FolderTarget(place), pytest.fail)
    beside.start()
    for number in range(6):
        path = folder / f"{number}.png"
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "aside.png")
        os.replace(tmp_path / "aside.png", path)
        beside.wake(path)
    until(
        lambda: len(list((place / "faces").glob("*.png"))) == 6 if (place / "faces").exists() else False, "six copies"
    )
    beside.stop()
    beside.stop()
    assert "livegan-upload" not in [thread.name for thread in threading.enumerate()]


def test_an_upload_beside_a_capture_that_fails_is_said_and_no_more() -> None:
    class Refusing(UploadTarget):
        name = "refusing"

        def sizes(self, dataset: str) -> dict[str, int]:
            raise DatasetError("the server is full (507)")

        def put(self, path: Path, dataset: str) -> None:
            raise AssertionError

    lines: list[str] = []
    beside = BackgroundUpload(Path("faces"), Refusing(), lines.append)
    beside.start()
    until(lambda: lines, "a line")
    beside.stop()
    assert lines == ["uploading stops: the server is full (507)"]


def typed(*words: object, **environment: str) -> Any:
    return CliRunner(env=environment).invoke(app, [*map(str, words)])


def test_the_command_lists_uploads_and_zips(dataset: Path, tmp_path: Path, server: WebDavServer) -> None:
    second = dataset.parent / "masks"
    second.mkdir()
    Image.new("RGB", (8, 8)).save(second / "a.png")
    secret = {upload_command.PASSWORD_VARIABLE: PASSWORD}
    words = ("upload", dataset.parent, server.address, "--user", USER)
    done = typed(*words, "--list", **secret)
    assert done.exit_code == 0, done.exception
    assert done.stdout.splitlines() == ["faces: not uploaded, 3 pictures", "masks: not uploaded, 1 picture"]
    done = typed(*words, **secret)
    assert f"faces: 3 pictures on {server.address}, 3 of them new" in done.stdout
    assert same(dataset, server.folder / "pictures" / "faces")
    assert "masks: uploaded" in typed(*words, "--list", **secret).stdout
    done = typed("upload", dataset, server.address, "--user", USER, "--zip", **secret)
    assert "faces.zip: not uploaded" in done.stdout
    with zipfile.ZipFile(server.folder / "pictures" / "faces.zip") as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 3
        name = archive.namelist()[0]
        assert archive.read(name) == (dataset.parent / name).read_bytes()
    assert typed("upload", dataset, server.address, "--user", USER, "--zip", **secret).stdout == "faces.zip: uploaded\n"


def test_a_password_comes_from_the_environment_or_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(upload_command.PASSWORD_VARIABLE, "of the environment")
    assert upload_command.password_of("ada", "host") == "of the environment"
    monkeypatch.delenv(upload_command.PASSWORD_VARIABLE)
    monkeypatch.setattr(upload_command, "_keyring", lambda user, host: "of the keyring")
    assert upload_command.password_of("ada", "host") == "of the keyring"
    monkeypatch.setattr(upload_command, "_keyring", lambda user, host: None)
    done = typed("upload", "/nowhere", "https://host/dav", "--user", "ada")
    assert "there is no folder" in str(done.exception)
    with pytest.raises(DatasetError, match="keyring set host ada"):
        upload_command.password_of("ada", "host")


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no pictures"):
        datasets_in(tmp_path)
    with pytest.raises(DatasetError, match="no folder"):
        datasets_in(tmp_path / "none")


def test_capture_uploads_what_it_takes(tmp_path: Path, server: WebDavServer) -> None:
    words = (
        "capture --camera fake --headless --no-prompt --silent --preview-time 0 --countdown 0 --resolution 64x64 -n 5"
    )
    options = ("--datasets-location", tmp_path, "--upload", server.address, "--user", USER)
    done = typed(*words.split(), *options, **{upload_command.PASSWORD_VARIABLE: PASSWORD})
    assert done.exit_code == 0, done.exception
    assert "faces: uploaded, 5 pictures" in done.stderr
    assert same(tmp_path / "faces", server.folder / "pictures" / "faces")
    assert PASSWORD not in done.stderr + done.stdout
    done = typed(*words.split(), *options, **{upload_command.PASSWORD_VARIABLE: "wrong"})
    assert "password is refused" in str(done.exception)


@pytest.mark.skipif(sys.platform == "win32", reason="the program that stands in is a script")
def test_rsync_takes_a_linked_folder_the_current_one_and_any_name(
    dataset: Path, tmp_path: Path, rsync: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = tmp_path / "remote", tmp_path / "datasets" / "#people"
    place.mkdir()
    shutil.copytree(dataset, folder)
    (tmp_path / "linked").symlink_to(folder)
    assert Uploader(tmp_path / "linked", RsyncTarget(str(place), rsync), wait=no_wait).run() == 3
    assert same(folder, place / "#people")
    monkeypatch.chdir(dataset)
    assert Uploader(Path(), RsyncTarget(str(place), rsync), wait=no_wait).run() == 3
    assert same(dataset, place / "faces")


def test_a_folder_of_nobody_is_said() -> None:
    with pytest.raises(DatasetError, match="'~nobody-here/x' cannot be a folder to upload to"):
        upload_target("~nobody-here/x", "", lambda user, host: "")
