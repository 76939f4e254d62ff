"""Keep/reject page: thumbnails of a selection with scores; every decision is on disk before it is answered."""

import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aiohttp import web

from livegan.core.text import valid_unicode
from livegan.datasets.choose import Hand
from livegan.datasets.selection import Selection
from livegan.datasets.selection_sheet import thumbnail
from livegan.errors import DatasetError
from livegan.web.server import new_app, run_app

PAGES = Path(__file__).resolve().parent / "pages"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
THUMB_PX, PICTURE_PX = 336, 1600  # longest sides
MAX_THUMBS = 2000  # kept in memory, about 30 KB each
DRAWERS = 2  # threads
CHOICES: dict[object, Hand | None] = {"keep": "keep", "reject": "reject", None: None}


class KeepPage:
    """The page of one selection: handlers of its requests."""

    def __init__(self, selection: Selection, save: Callable[[], None]) -> None:
        """`save` writes the selection; DatasetError if it cannot."""
        self._selection = selection
        self._save = save
        self._thumbs: OrderedDict[int, bytes] = OrderedDict()
        self._pool = ThreadPoolExecutor(DRAWERS, "livegan-thumbs")
        self._drawing = asyncio.Semaphore(DRAWERS)
        self._saving = asyncio.Lock()
        self.done = asyncio.Event()

    def app(self, token: str | None = None) -> web.Application:
        """The application, for `run_app`."""
        app = new_app(token)
        app.router.add_get("/", self._file("keep.html"))
        app.router.add_get("/keep.css", self._file("keep.css"))
        app.router.add_get("/keep.js", self._file("keep.js"))
        app.router.add_get("/pictures", self._pictures)
        app.router.add_get("/thumb/{place:[0-9]{1,9}}", self._thumb)
        app.router.add_get("/picture/{place:[0-9]{1,9}}", self._picture)
        app.router.add_post("/decide", self._decide)
        app.router.add_post("/done", self._done)
        app.on_cleanup.append(self._close)
        return app

    async def _close(self, _: web.Application) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    @staticmethod
    def _file(name: str) -> Any:
        async def handler(_: web.Request) -> web.Response:
            path = PAGES / name
            return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8")

        return handler

    async def _pictures(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"title": self._title(), "pictures": [self._row(i) for i in range(len(self._selection))]}
        )

    def _title(self) -> str:
        return valid_unicode(", ".join(folder.name for folder in self._selection.folders))

    def _row(self, place: int) -> dict[str, Any]:
        """A picture for the page; names are short as there are thousands."""
        entry, choice = self._selection.entries[place], self._selection.choices[place]
        measures = entry.picture.measures
        wide, high = max(1, measures.width), max(1, measures.height)
        return {
            "name": valid_unicode(entry.picture.path.name),
            "hash": entry.picture.sha256[:12],
            "size": [measures.width, measures.height],
            "kept": choice.kept,
            "hand": self._selection.hands[place],
            "why": choice.why,
            "error": measures.error,
            "sharp": round(measures.sharpness),
            "light": round(100 * measures.exposure),
            "face": round(100 * measures.face_size),
            "faces": [
                [round(value / side, 4) for value, side in zip(face.box, (wide, high, wide, high), strict=True)]
                for face in measures.faces
            ],
            "person": choice.person,
            "quality": round(measures.quality, 4),
            "taken": entry.picture.taken_s,
        }

    def _path(self, request: web.Request) -> tuple[int, Path]:
        place = int(request.match_info["place"])
        if place >= len(self._selection):
            raise web.HTTPNotFound
        return place, self._selection.entries[place].picture.path

    async def _thumb(self, request: web.Request) -> web.Response:
        place, path = self._path(request)
        if place in self._thumbs:
            self._thumbs.move_to_end(place)
        else:
            async with self._drawing:
                if request.transport is None:  # scrolled past meanwhile
                    return web.Response(status=204)
                self._thumbs[place] = await self._drawn(path, THUMB_PX)
            while len(self._thumbs) > MAX_THUMBS:
                self._thumbs.popitem(last=False)
        return _jpeg(self._thumbs[place])

    async def _picture(self, request: web.Request) -> web.Response:
        return _jpeg(await self._drawn(self._path(request)[1], PICTURE_PX))

    async def _drawn(self, path: Path, side: int) -> bytes:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _as_jpeg, path, side)
        except DatasetError as error:
            raise web.HTTPNotFound from error

    async def _decide(self, request: web.Request) -> web.Response:
        try:
            changes = (await request.json())["changes"]
            wanted = {int(place): CHOICES[hand] for place, hand in changes.items()}
            self._selection.decide(wanted)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, DatasetError) as error:
            raise web.HTTPBadRequest from error
        return await self._saved()

    async def _done(self, _: web.Request) -> web.Response:
        response = await self._saved()
        if response.status == 200:
            self.done.set()
        return response

    async def _saved(self) -> web.Response:
        async with self._saving:
            try:
                await asyncio.get_running_loop().run_in_executor(None, self._save)
            except DatasetError as error:
                return web.json_response({"error": valid_unicode(str(error))}, status=507)
        return web.json_response({"saved": True})


def serve_keep_page(
    selection: Selection, save: Callable[[], None], host: str, port: int, tell: Callable[[str], None]
) -> None:
    """Serve the page of a selection until "done" is pressed there; KeyboardInterrupt ends it too, nothing is lost."""

    async def make() -> tuple[web.Application, asyncio.Event]:
        page = KeepPage(selection, save)
        return page.app(), page.done

    run_app(make, host, port, tell)


def _as_jpeg(path: Path, side: int) -> bytes:
    file = io.BytesIO()
    thumbnail(path, side).save(file, "JPEG", quality=85)
    return file.getvalue()


def _jpeg(data: bytes) -> web.Response:
    headers = {"Cache-Control": "private, max-age=86400, immutable"}  # addresses carry the hash of the picture
    return web.Response(body=data, content_type="image/jpeg", headers=headers)
