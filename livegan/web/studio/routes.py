"""Routes of the studio page beside Gradio's: jobs as JSON, their files, stills of scenes, and the page's own script."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from livegan.config.stills import stills_of
from livegan.errors import StudioError
from livegan.web.studio import orders
from livegan.web.studio.jobs import Job, JobQueue
from livegan.web.studio.texts import preferred
from livegan.web.studio.work_folder import NOW, OUTPUTS, SHOWN, kind_of, results

PAGES = Path(__file__).resolve().parents[1] / "pages"
OWN = {"studio.js": "text/javascript", "studio.css": "text/css", "studio.svg": "image/svg+xml"}
MOST_JOBS = 60  # shown of a session

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def routes(queue: JobQueue, scenes: Mapping[str, str]) -> list[Route]:
    """All routes of the page's own; `scenes` are those that films may have, with their titles."""
    stills = stills_of(scenes)

    def mine(request: Request) -> Job | None:
        return queue.find(request.state.session, request.path_params["job"])

    async def enter(request: Request) -> Response:
        """To the page in the browser's language, by a step that keeps cookies which are strict about their site."""
        language = preferred(request.headers.get("accept-language", ""))
        page = f'<!doctype html><meta charset="utf-8"><script>location.replace("/{language}/")</script>'
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    async def own(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in OWN:
            return _none()
        return FileResponse(PAGES / name, media_type=OWN[name], headers={"cache-control": "no-cache"})

    async def icon(_: Request) -> Response:
        return FileResponse(PAGES / "studio.svg", media_type="image/svg+xml")

    async def still(request: Request) -> Response:
        path = stills.get(request.path_params["name"])
        if path is None:
            return _none()
        return FileResponse(path, headers={"cache-control": "private, max-age=86400"})

    async def jobs(request: Request) -> Response:
        shown = await queue.described(request.state.session, MOST_JOBS)
        return JSONResponse(shown, headers={"cache-control": "no-store"})

    async def now(request: Request) -> Response:
        job = mine(request)
        path = None if job is None else job.folder / NOW
        if path is None or path.is_symlink() or not path.is_file():
            return _none()
        return FileResponse(path, media_type="image/jpeg", headers={"cache-control": "private, max-age=86400"})

    async def result(request: Request) -> Response:
        job, name = mine(request), request.path_params["path"]
        if job is None or name not in await _made(job):
            return _none()
        path = job.folder / OUTPUTS / name
        shown = kind_of(path) != "file" and "download" not in request.query_params
        media = SHOWN[path.suffix.lower()][1] if kind_of(path) != "file" else "application/octet-stream"
        return FileResponse(
            path,
            media_type=media,
            filename=path.name,
            content_disposition_type="inline" if shown else "attachment",
            headers={"cache-control": "private, no-cache"},
        )

    def doing(act: Callable[[Job], Awaitable[None] | None]) -> Handler:
        async def handler(request: Request) -> Response:
            job = mine(request)
            if job is None:
                return _none()
            if request.headers.get("content-type", "") != "application/json":
                return Response("this takes JSON\n", 415)
            try:
                if (rest := act(job)) is not None:
                    await rest
            except StudioError as error:
                return JSONResponse({"error": str(error)}, 409)
            return JSONResponse({"done": True})

        return handler

    async def film_of(request: Request) -> Response:
        job = mine(request)
        made = None if job is None else next((name for name in await _made(job) if is_music(name)), None)
        if job is None or made is None:
            return _none()
        try:
            scene = str((await request.json())["scene"])
            path = job.folder / OUTPUTS / made
            order = orders.film(path.name, scene, scenes, orders.SIZES[1], 0, 30)
            queue.submit(job.session, order, {path.name: path})
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return Response(f"{error}\n", 400)
        except StudioError as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({"done": True})

    return [
        Route("/", enter),
        Route("/studio/{name}", own),
        Route("/favicon.ico", icon),
        Route("/stills/{name}.jpg", still),
        Route("/jobs", jobs),
        Route("/jobs/{job}/now", now),
        Route("/jobs/{job}/out/{path:path}", result),
        Route("/jobs/{job}/cancel", doing(queue.cancel), methods=["POST"]),
        Route("/jobs/{job}/go-on", doing(queue.go_on), methods=["POST"]),
        Route("/jobs/{job}/film", film_of, methods=["POST"]),
        Route("/jobs/{job}/remove", doing(queue.remove), methods=["POST"]),
    ]


def is_music(name: str) -> bool:
    """Whether a result can be the song of a film."""
    return kind_of(Path(name)) == "sound" or name.endswith(".mid")


def script_head(language: str, texts: dict[str, str]) -> str:
    """Tags for the page's head: its texts, and Gradio's own in the same language, whatever the browser's is."""
    own = {key.removeprefix("js."): text for key, text in texts.items() if key.startswith("js.")}
    table = json.dumps({"texts": own, "language": language}, ensure_ascii=False).replace("<", "\\u003c")
    locale = "zh-CN" if language == "zh" else "en"
    return (
        f"<script>window.livegan={table};"
        f"for(const [name,value] of [['language','{locale}'],['languages',['{locale}']]])"
        "Object.defineProperty(navigator,name,{get:()=>value});</script>"
        '<script src="/studio/studio.js" defer></script><link rel="stylesheet" href="/studio/studio.css">'
        '<link rel="icon" href="/studio/studio.svg">'
    )


async def _made(job: Job) -> list[str]:
    """Paths of a job's results."""
    if job.told is not None:
        return [result["name"] for result in job.told["results"]]
    return await asyncio.to_thread(results, job.folder)


def _none() -> Response:
    return Response("there is no such thing\n", 404)
