"""Networks at the shell: list, info, convert, check, add; from files, folders, a server on this machine, and code."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.core.images import write_png
from livegan.errors import MediaError, NetworkError
from livegan.networks import contact_sheet as sheet
from livegan.networks.download import downloads_folder, fetch, files_of, safe_name
from livegan.networks.info import read_info, write_info
from livegan.networks.library import BUNDLED, find_network, installed_folder, list_networks, open_network
from livegan.studio import network_add, network_check, network_convert, network_list

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "conditional-32.json"  # 32 px, conditional, small
FIXTURES = ROOT.parent / "shared" / "fixtures" / "networks"
DATA = np.random.default_rng(1).bytes(700_000)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's empty home, and a folder to work in."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path


def typed(*words: str) -> str:
    """What a command prints; it must end well."""
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


class Shelf(BaseHTTPRequestHandler):
    """A small file server with every bad habit a server can have, by path."""

    files: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[tuple[str, str | None]]] = []
    edition: ClassVar[str] = '"one"'
    cut_at: ClassVar[int] = 0  # the next answer breaks after so many bytes

    def log_message(self, *_: Any) -> None:
        """Silence."""

    def _head(self, code: int, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        if self.path.startswith("/to?"):
            return self._head(302, Location=self.path[4:])
        if self.path == "/page":
            return self._body(b"\n <!DOCTYPE html><html>Sign in</html>", "application/octet-stream")
        if self.path == "/typed-page":
            return self._body(b"hello", "text/html; charset=utf-8")
        if self.path == "/huge":
            return self._head(200, Content_Length=str(10**13))
        if self.path == "/endless":
            self._head(200)
            for _ in range(20):
                self.wfile.write(DATA)
            return None
        data = self.files.get(self.path.partition("?")[0])
        if data is None:
            return self._head(404)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if wanted and self.headers.get("If-Range") != self.edition:
            start = 0
        if start and start >= len(data):
            return self._head(416, Content_Range=f"bytes */{len(data)}")
        return self._body(data, "application/octet-stream", start)

    def _body(self, data: bytes, kind: str, start: int = 0) -> None:
        more = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        rest = data[start:]
        self._head(206 if start else 200, Content_Length=str(len(rest)), Content_Type=kind, ETag=self.edition, **more)
        cut, Shelf.cut_at = self.cut_at, 0
        self.wfile.write(rest[:cut] if cut else rest)
        if cut:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    """Says nothing of visitors who hang up."""

    def handle_error(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture
def shelf() -> Iterator[str]:
    """The address of a server that has /good.pkl."""
    Shelf.files, Shelf.asked, Shelf.edition, Shelf.cut_at = {"/good.pkl": DATA}, [], '"one"', 0
    server = Server(("127.0.0.1", 0), Shelf)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


# ---- fetching


def test_a_file_comes_whole_and_says_how_far_it_is(shelf: str) -> None:
    heard: list[tuple[int, int | None]] = []
    path = fetch(f"{shelf}/good.pkl", hashlib.sha256(DATA).hexdigest(), lambda here, total: heard.append((here, total)))
    assert path.read_bytes() == DATA
    assert path.is_relative_to(downloads_folder())
    assert heard[-1] == (len(DATA), len(DATA))
    assert [here for here, _ in heard] == sorted(here for here, _ in heard)
    assert not list(path.parent.glob("*.part"))
    fetch(f"{shelf}/good.pkl")
    assert len(Shelf.asked) == 1  # it is here


def test_a_broken_connection_is_reported_and_resumed_where_it_broke(shelf: str) -> None:
    Shelf.cut_at = 300_000
    with pytest.raises(NetworkError, match=r"connection broke after 0.3 of 0.7 MB; type the same again"):
        fetch(f"{shelf}/good.pkl")
    assert files_of(f"{shelf}/good.pkl").part.stat().st_size == 300_000
    assert fetch(f"{shelf}/good.pkl").read_bytes() == DATA
    assert [wanted for _, wanted in Shelf.asked] == [None, "bytes=300000-"]


def test_ctrl_c_leaves_what_has_come(shelf: str) -> None:
    def stop(here: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{shelf}/good.pkl", progress=stop)
    assert 0 < files_of(f"{shelf}/good.pkl").part.stat().st_size < len(DATA)
    assert fetch(f"{shelf}/good.pkl").read_bytes() == DATA
    assert Shelf.asked[1][1] is not None


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(shelf: str) -> None:
    Shelf.cut_at = 300_000
    with pytest.raises(NetworkError):
        fetch(f"{shelf}/good.pkl")
    Shelf.files["/good.pkl"], Shelf.edition = DATA[::-1], '"two"'
    assert fetch(f"{shelf}/good.pkl").read_bytes() == DATA[::-1]


def test_a_left_over_longer_than_the_file_is_begun_again(shelf: str) -> None:
    files = files_of(f"{shelf}/good.pkl")
    files.part.parent.mkdir(parents=True)
    files.part.write_bytes(DATA + b"more")
    files.edition_file.write_text(json.dumps('"one"'))
    assert fetch(f"{shelf}/good.pkl").read_bytes() == DATA


def test_a_wrong_sum_deletes_the_file(shelf: str) -> None:
    with pytest.raises(NetworkError, match=r"SHA-256 .*not 0000.*was deleted"):
        fetch(f"{shelf}/good.pkl", "0" * 64)
    assert not [path for path in downloads_folder().rglob("*") if path.is_file()]
    with pytest.raises(NetworkError, match="64 digits"):
        fetch(f"{shelf}/good.pkl", "abc")


@pytest.mark.parametrize("page", ["/page", "/typed-page", "/to?/page"])
def test_a_web_page_is_no_network(shelf: str, page: str) -> None:
    with pytest.raises(NetworkError, match=r"that is a web page.*in the browser.*networks add FILE"):
        fetch(shelf + page)
    assert not list(downloads_folder().rglob("*.part"))


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("file:///etc/passwd", "not http"),
        ("ftp://127.0.0.1/x.pkl", "not http"),
        ("data:text/plain,hello", "not http"),
        ("https://drive.google.com/uc?id=1", "in the browser"),
        ("http://me:secret@127.0.0.1/x", "has a name or password"),
    ],
)
def test_a_server_cannot_lead_elsewhere(shelf: str, target: str, says: str) -> None:
    with pytest.raises(NetworkError, match=says):
        fetch(f"{shelf}/to?{target}")
    assert not [path for path in downloads_folder().rglob("*") if path.is_file()]


def test_a_server_can_lead_on_but_not_in_circles(shelf: str) -> None:
    assert fetch(f"{shelf}/to?/good.pkl").read_bytes() == DATA
    Shelf.asked.clear()
    with pytest.raises(NetworkError):
        fetch(f"{shelf}/to?{shelf}/to?{'x' * 3}")
    assert len(Shelf.asked) < 20


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://a.org/x", "http://", "http://[::1/x", "http://u:secret@a.org/x", "http://a.org/ x"],
)
def test_only_plain_http_addresses_are_taken(url: str) -> None:
    with pytest.raises(NetworkError) as told:
        fetch(url)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("path", ["/huge", "/endless"])
def test_more_than_the_limit_is_not_fetched(shelf: str, path: str) -> None:
    with pytest.raises(NetworkError, match="is the most that is fetched"):
        fetch(shelf + path, limit=1_000_000)
    assert not list(downloads_folder().rglob("*.part"))


def test_what_does_not_answer_is_told_by_who_chose_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr("livegan.networks.download._receive", offline)
    with pytest.raises(NetworkError, match=r"online\? If it is, .*livegan networks add FILE --name ada-metfaces"):
        network_add.add("ada-metfaces")
    with pytest.raises(NetworkError, match="check the address"):
        network_add.add("http://127.0.0.1:1/none.pkl")


def test_ctrl_c_speaks_of_a_download_only_where_there_was_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: object) -> None:
        if "://" in str(arguments[0]):
            arguments[4](str(arguments[0]))  # type: ignore[operator]
        raise KeyboardInterrupt

    monkeypatch.setattr(network_add, "add", stopped)
    for what, said in ((str(tmp_path), "what was added before stays"), ("http://x.org/a.pkl", "download is kept")):
        assert said in CliRunner().invoke(app, ["networks", "add", what]).output


def test_a_missing_file_is_reported(shelf: str) -> None:
    with pytest.raises(NetworkError, match="answers 404"):
        fetch(f"{shelf}/none.pkl")
    with pytest.raises(NetworkError, match="cannot be fetched"):
        fetch("http://127.0.0.1:1/none.pkl")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/a/b/ffhq-1024.pkl", "ffhq-1024.pkl"),
        ("/..%2f..%2fetc%2fpasswd", "passwd"),
        ("/..\\..\\boot.ini", "boot.ini"),
        ("/.bashrc", "bashrc"),
        ("/%00%0a", "network"),
        ("/", "network"),
        ("/a b;c|d.pkl", "a-b-c-d.pkl"),
        ("/" + "x" * 300, "x" * 100),
    ],
)
def test_a_name_from_an_address_has_no_tricks(text: str, name: str) -> None:
    assert safe_name(text) == name
    assert files_of(f"http://a.org{text}".replace("\\", "%5c")).whole.is_relative_to(downloads_folder())


# ---- adding


def test_a_file_is_added_under_its_name_and_can_be_played_by_it() -> None:
    done = network_add.add(str(GOLDEN))
    assert [info.name for info in done.networks] == ["conditional-32"]
    found = find_network("conditional-32")
    assert found.path.parent == installed_folder()
    assert found.weights.read_bytes() == GOLDEN.with_suffix(".safetensors").read_bytes()
    assert "conditional-32" in [info.name for info in list_networks()]
    assert {path.suffix for path in installed_folder().iterdir()} == {".json", ".safetensors"}


def test_a_name_is_given_once() -> None:
    network_add.add(str(GOLDEN))
    with pytest.raises(NetworkError, match=r"'conditional-32' is here already.*--name"):
        network_add.add(str(GOLDEN))
    network_add.add(str(GOLDEN), name="again")
    with pytest.raises(NetworkError, match="'house-256' is here already"):
        network_add.add(str(GOLDEN), name="house-256")
    for wrong in ("../x", "a/b", ".hidden", "-o", "a b", "x.json"):
        with pytest.raises(NetworkError, match="is not a name"):
            network_add.add(str(GOLDEN), name=wrong)


def test_a_folder_is_added_in_order_and_other_files_are_reported(home: Path) -> None:
    folder = home / "Training Run"
    folder.mkdir()
    for step in ("000200", "000100"):
        for suffix in (".json", ".safetensors"):
            shutil.copy(GOLDEN.with_suffix(suffix), folder / f"snapshot-{step}{suffix}")
    (folder / "snapshot-000300.pkl").write_bytes(b"not a pickle")
    (folder / "reals.png").write_bytes(b"a picture")
    done = network_add.add(str(folder))
    assert [info.name for info in done.networks] == ["training-run-snapshot-000100", "training-run-snapshot-000200"]
    assert len(done.refused) == 1
    assert "snapshot-000300.pkl" in done.refused[0]
    with pytest.raises(NetworkError, match="holds no"):
        network_add.add(str(home / "work"))


def test_weights_that_do_not_fit_are_not_installed(home: Path) -> None:
    info = replace(read_info(GOLDEN), path=home / "bad.json", z_dim=7)
    write_info(info)
    shutil.copy(GOLDEN.with_suffix(".safetensors"), home / "bad.safetensors")
    with pytest.raises(NetworkError):
        network_add.add(str(home / "bad.json"))
    assert not installed_folder().exists() or not list(installed_folder().iterdir())


@pytest.mark.parametrize("kind", ["custom", "morph"])
def test_an_untrusted_description_that_names_code_or_files_is_not_added(home: Path, kind: str) -> None:
    (home / "evil.py").write_text(f"open({str(home / 'canary')!r}, 'w')")
    shape = {"function": "evil:draw", "folder": str(home), "members": [str(GOLDEN)]}
    write_info(replace(read_info(GOLDEN), path=home / "gift.json", kind=kind, shape=shape))
    for attempt in (
        lambda: network_add.add(str(home / "gift.json")),
        lambda: network_convert.convert(str(home / "gift.json"), home / "out.json", None, False),
    ):
        with pytest.raises(NetworkError):
            attempt()
    assert not (home / "canary").exists()
    assert not installed_folder().exists() or not list(installed_folder().iterdir())


def test_an_address_is_fetched_added_and_remembered(shelf: str) -> None:
    Shelf.files |= {
        f"/nets/Forest.{kind}": GOLDEN.with_suffix(f".{kind}").read_bytes() for kind in ("json", "safetensors")
    }
    output = typed("networks", "add", f"{shelf}/nets/Forest.safetensors?download=1")
    assert "added: forest" in output
    found = find_network("forest")
    assert found.source == f"{shelf}/nets/Forest.safetensors?download=1"
    assert not [path for path in downloads_folder().rglob("*") if path.is_file()]
    with pytest.raises(NetworkError, match="here already"):
        network_add.add(f"{shelf}/nets/Forest.safetensors")


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures here")
def test_a_foreign_file_is_added_from_an_address_by_its_content(shelf: str) -> None:
    data = (FIXTURES / "ada-32-conditional.pkl").read_bytes()
    Shelf.files["/v1/files/download"] = data
    done = network_add.add(f"{shelf}/v1/files/download", "ada", hashlib.sha256(data).hexdigest())
    assert done.networks[0].c_dim == 12
    assert find_network("ada").resolution == (32, 32)


def test_a_refused_download_is_reported_by_its_address_and_not_kept(shelf: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(f"{shelf}/good.pkl")):
        network_add.add(f"{shelf}/good.pkl")
    assert not [path for path in downloads_folder().rglob("*") if path.is_file()]
    assert not installed_folder().exists() or not list(installed_folder().iterdir())


def test_the_catalogue_sends_to_the_browser_where_only_that_helps() -> None:
    with pytest.raises(NetworkError, match=r"only be had in the browser.*drive\.google\.com.*add FILE --name cakes"):
        network_add.add("Cakes")
    with pytest.raises(NetworkError, match="only be had in the browser"):
        network_add.add("beetles")
    with pytest.raises(NetworkError, match=r"no file beatles.*did you mean 'beetles'"):
        network_add.add("beatles")


CODE = """
import numpy as np
def draw(noise_batch, class_batch):
    return [np.tile(noise_batch[0, :3] / 6 + 0.5, (16, 16, 1))]
"""


def test_code_is_added_by_its_user_and_played_by_its_name(home: Path) -> None:
    (home / "work" / "brush.py").write_text(CODE)
    typed("networks", "add", "brush:draw", "--name", "mine", "--input", "8", "--classes", "2", "--size", "24x16")
    found = find_network("mine")
    assert (found.kind, found.resolution, found.z_dim, found.c_dim) == ("custom", (16, 24), 8, 2)
    assert found.shape["folder"] == str(home / "work")
    assert "custom" in typed("networks", "list")
    with pytest.raises(NetworkError, match="--name mine --input 128"):
        network_add.add("brush:draw")
    with pytest.raises(NetworkError, match="here already"):
        network_add.add("brush:draw", "mine", code=network_add.Code(8, 2, (16, 16), home))


def test_code_that_cannot_draw_is_not_added(home: Path) -> None:
    (home / "work" / "broken.py").write_text("def draw(noise_batch, class_batch): return 1 / 0")
    with pytest.raises(NetworkError, match="division by zero"):
        network_add.add("broken:draw", "mine", code=network_add.Code(8, 2, (16, 16), home / "work"))
    assert not (installed_folder() / "mine.json").exists()


# ---- list, info, convert


def test_the_list_says_what_there_is() -> None:
    network_add.add(str(GOLDEN), name="forest")
    lines = typed("networks", "list").splitlines()
    row = next(line for line in lines if line.startswith("forest"))
    for part in ("32x32", "stylegan2", "0.", "your folder"):
        assert part in row
    assert any(line.startswith("house-256 ") and "448x256" in line and "livegan" in line for line in lines)
    public = typed("networks", "list", "--catalogue")
    assert "anime-portraits" in public
    assert "unknown: ask the author" in public


def test_one_broken_network_does_not_hide_the_others() -> None:
    network_add.add(str(GOLDEN), name="forest")
    (installed_folder() / "broken.json").write_text("{")
    (installed_folder() / "cut.safetensors").write_bytes(b"1")
    assert "forest" in typed("networks", "list")
    assert "forest" in typed("networks", "info", "forest")


def test_info_lists_everything_known_of_installed_and_catalogued_networks() -> None:
    told = typed("networks", "info", str(GOLDEN))
    for part in ("stylegan2", "32x32 px", "shape.channels", str(GOLDEN)):
        assert part in told
    style = typed("networks", "info", "ada ffhq")
    assert "not yet; type: livegan networks add ada-ffhq" in style
    with pytest.raises(NetworkError, match="did you mean"):
        network_list.describe("hose-256")


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures here")
def test_info_of_a_foreign_file_says_where_its_copy_is_kept(home: Path) -> None:
    told = typed("networks", "info", str(FIXTURES / "ada-64.pkl"))
    assert "64x64 px" in told
    assert str(home / "cache") in told.partition("converted")[2]


def test_converting_writes_a_pair_that_reads_the_same(home: Path) -> None:
    typed("networks", "convert", str(GOLDEN), "-o", "copy.safetensors")
    copy, first = read_info(home / "work" / "copy.json"), read_info(GOLDEN)
    assert replace(copy, name="", path=Path()) == replace(first, name="", path=Path())
    assert copy.weights.read_bytes() == first.weights.read_bytes()
    assert sorted(path.name for path in (home / "work").iterdir()) == ["copy.json", "copy.safetensors"]
    assert network_convert.convert(str(GOLDEN), Path("new/folder"), None, False).path == Path(
        "new/folder/conditional-32.json"
    )
    for refused, says in ((Path("copy.safetensors"), "is there already"), (Path("copy.txt"), "no name for a network")):
        with pytest.raises(NetworkError, match=says):
            network_convert.convert(str(GOLDEN), refused, None, False)
    assert network_convert.convert(str(GOLDEN), Path("copy.safetensors"), None, True).path == Path("copy.json")
    with pytest.raises(NetworkError, match="that network itself"):
        network_convert.convert("copy.json", Path("copy.json"), None, True)


def test_tiles_change_the_proportions_of_what_is_drawn(home: Path) -> None:
    typed("networks", "convert", str(GOLDEN), "--tiles", "1x2")
    wide = read_info(home / "work" / "conditional-32-1x2.json")
    assert wide.resolution == (32, 64)
    assert wide.shape["tiles"] == [1, 2]
    assert network_convert.tiled(wide, (2, 1)).resolution == (64, 32)
    drawn = open_network(wide)
    assert drawn is not None
    assert drawn.resolution == (32, 64)
    for wrong in ("2", "0x1", "2x", "axb", "1x100"):
        with pytest.raises(NetworkError, match="DOWNxACROSS"):
            network_convert.parse_tiles(wrong)
    with pytest.raises(NetworkError, match="only a stylegan2"):
        network_convert.convert("plain", None, (1, 2), False)


# ---- check


def picture(path: Path) -> np.ndarray:
    with av.open(str(path)) as file:
        return next(file.decode(video=0)).to_ndarray(format="rgb24")


def test_checking_draws_a_sheet_of_sixteen_seeds(home: Path) -> None:
    told = typed("networks", "check", "plain", "--device", "cpu")
    assert "ms a picture" in told
    drawn = picture(home / "work" / "plain-sheet.png")
    side = (drawn.shape[0] - sheet.GAP_PX) // 4 - sheet.GAP_PX
    cells = [
        drawn[4 + row * (side + 4) :, 4 + column * (side + 4) :][:side, :side]
        for row in range(4)
        for column in range(4)
    ]
    assert all(float(np.abs(cell.astype(int) - cells[0]).mean()) > 1 for cell in cells[1:])


def test_of_a_conditional_network_the_rows_are_classes_and_the_psnr_is_shown(home: Path) -> None:
    told = typed("networks", "check", str(GOLDEN), "--device", "cpu", "-o", "out/deep/sheet.png")
    count = min(read_info(GOLDEN).c_dim, sheet.ROWS_OF_CLASSES)
    assert "rows of the sheet are classes" in told
    psnr_db = float(told.partition(" dB like the exact")[0].splitlines()[-1])
    assert psnr_db >= 40
    drawn = picture(home / "work" / "out" / "deep" / "sheet.png")
    cell = 128 + sheet.GAP_PX
    assert drawn.shape == (count * cell + sheet.GAP_PX, 16 * cell + sheet.GAP_PX, 3)


def test_a_sheet_keeps_proportions_and_shrinks_only_what_is_large() -> None:
    large = [np.full((300, 600, 3), 99, np.uint8)] * 3
    made = sheet.contact_sheet(large, 2, 100)
    assert made.shape == (2 * 54 + 4, 2 * 104 + 4, 3)
    assert made[4:54, 4:104].min() == made[4:54, 4:104].max() == 99
    assert (made[58:, 108:] == sheet.GAP_GREY).all()  # the fourth cell is empty
    small = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert np.array_equal(sheet.contact_sheet([small], 1, 4)[4:8:2, 4:8:2], small)


def test_a_sheet_that_cannot_be_written_is_an_error() -> None:
    with pytest.raises(MediaError, match="choose another place for -o"):
        write_png(Path("/proc/none/sheet.png"), np.zeros((4, 4, 3), np.uint8), "-o")


def test_rows_are_spread_over_many_classes() -> None:
    assert sheet.rows_of_classes(0) == ()
    assert sheet.rows_of_classes(3) == (0, 1, 2)
    many = sheet.rows_of_classes(1000)
    assert (len(many), many[0], many[-1]) == (sheet.ROWS_OF_CLASSES, 0, 999)


# ---- the shell


@pytest.mark.parametrize("command", ["", "list", "info", "convert", "check", "add"])
def test_every_help_page_prints(command: str) -> None:
    assert "Usage" in typed("networks", *command.split(), "--help")


def test_a_mistake_is_one_sentence_and_exit_code_2(home: Path) -> None:
    for words, says in ((("info", "hose-256"), "house-256"), (("add", "beatles"), "beetles")):
        command = [sys.executable, str(ROOT / "main.py"), "networks", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2
        assert done.stderr.startswith("livegan: ")
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_an_unknown_bench_is_an_error() -> None:
    done = CliRunner().invoke(app, ["bench", "networs"])
    assert "livegan bench line, music, networks, train or studio" in str(done.exception)


def test_the_shipped_networks_are_listed_with_their_parameters() -> None:
    info = read_info(BUNDLED / "house-256.json")
    assert network_list.parameter_count(info) > 1_000_000
    assert network_list.parameter_count(read_info(BUNDLED / "plain.json")) == 0


# ---- the pages


def test_the_example_of_the_page_draws_as_it_is_written(home: Path) -> None:
    page = (ROOT / "docs" / "custom-networks.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n# sketch.py\n(.*?)```", page, re.DOTALL)
    (home / "work" / "sketch.py").write_text(program)
    (line,) = re.findall(r"^livegan (networks add sketch:draw.*)$", page, re.MULTILINE)
    typed(*line.split())
    typed("networks", "check", "sketch", "--device", "cpu")
    assert float(picture(home / "work" / "sketch-sheet.png").std()) > 20


@pytest.mark.parametrize("name", ["networks.md", "custom-networks.md"])
def test_every_command_of_the_pages_exists(name: str) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    commands = set(re.findall(r"livegan networks ([a-z]+)", page))
    assert commands
    for command in commands:
        told = typed("networks", command, "--help")
        for option in re.findall(rf"livegan networks {command} .*?(--[a-z0-9]+)", page):
            assert option in told
    for linked in re.findall(r"\]\((?!http)([^)#]+)\)", page):
        assert (ROOT / "docs" / linked).exists()


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "plain", "resolution": [1, 16384], "z_dim": 4},
        {"kind": "patterns", "resolution": [24, 40], "z_dim": 8, "c_dim": 2, "classes": ["rings", "silk"]},
    ],
    ids=lambda said: said["kind"],
)
def test_a_network_drawn_by_formula_takes_no_file_along(said: dict[str, Any], tmp_path: Path) -> None:
    """Whatever lies beside its description, under whatever name."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "flat.safetensors").symlink_to(tmp_path / "secret")
    said = {"format": "livegan-network-1", **said}
    (tmp_path / "flat.json").write_text(json.dumps(said))
    done = network_add.add(str(tmp_path / "flat.json")).networks[0]
    assert not done.weights.exists()
    assert sorted(path.name for path in installed_folder().iterdir()) == ["flat.json"]
    check = network_check.check_network(done, "cpu", tmp_path / "flat.png", lambda total: lambda drawn: None)
    assert check.sheet.is_file()


def test_patterns_that_there_are_not_are_not_added(tmp_path: Path) -> None:
    said = {"kind": "patterns", "resolution": [24, 24], "z_dim": 8, "c_dim": 1, "classes": ["slik"]}
    (tmp_path / "odd.json").write_text(json.dumps({"format": "livegan-network-1", **said}))
    with pytest.raises(NetworkError, match="did you mean 'silk'"):
        network_add.add(str(tmp_path / "odd.json"))
    assert not installed_folder().exists()


@pytest.mark.parametrize("tiles", ["ab", 5, [0, 0], [1, 2, 3], [1.5, 1.5]])
def test_tiles_of_an_untrusted_description_are_checked(tmp_path: Path, tiles: Any) -> None:
    shape = {"channels": [4, 4], "mapping_layers": 1, "tiles": tiles}
    said = {"format": "livegan-network-1", "kind": "stylegan2", "resolution": [8, 8], "z_dim": 4, "w_dim": 4}
    (tmp_path / "odd.json").write_text(json.dumps({**said, "shape": shape}))
    with pytest.raises(NetworkError, match="tiles' must be"):
        network_convert.convert(str(tmp_path / "odd.json"), tmp_path, (2, 2), True)


def test_long_names_of_files_make_names_that_can_be(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 200)
    folder.mkdir()
    for suffix in (".json", ".safetensors"):
        shutil.copy(BUNDLED / f"house-256{suffix}", folder / f"{'f' * 200}{suffix}")
    assert len(network_add.add(str(folder)).networks[0].name) == 201


def test_answers_of_a_server_made_to_harm_are_one_sentence() -> None:
    """Whatever it sends instead of HTTP."""
    answers = (
        b"HTTP/1.1 404 \x1b[2Jgone\r\n\r\n",
        b"HTTP/1.1 302 x\r\nLocation: http://[\r\n\r\n",
        b"HTTP/1.1 302 x\r\nLocation: http://" + b"a" * 100 + b".x/\r\n\r\n",
        b"HTTP/1.1 302 x\r\nLocation: http://\xff/\r\n\r\n",
        b"HTTP/1.1 206 x\r\nContent-Range: bytes " + b"9" * 5000 + b"-5/9\r\n\r\nabc",
        b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        b"\xff\x1b[2J\r\n",
        b"HTTP/1.1 200 x\r\nContent-Length: \xb2\r\n\r\n",
    )
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                caller, _ = server.accept()
                with caller:
                    caller.recv(1 << 16)
                    caller.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        for number in range(len(answers)):
            with pytest.raises(NetworkError) as caught:
                fetch(f"http://127.0.0.1:{server.getsockname()[1]}/{number}.pkl")
            assert str(caught.value).isprintable()
        thread.join(10)
