"""Head of the studio page (ASGI middleware): our script and style come first in Gradio's HTML.

Gradio adds its own `head` only when its script has chosen a language.
"""

import re
from collections.abc import Mapping

from livegan.web.studio.guard import App, Message, Receive, Scope, Send

CARDS = re.compile(rb'<meta\s+(property="og:|name="twitter:)[^>]*>\s*')  # with addresses of other sites


class PageHead:
    """Middleware that puts the tags of `heads` (path -> HTML) behind <head>."""

    def __init__(self, app: App, heads: Mapping[str, str]) -> None:
        self._app = app
        self._heads = {path: head.encode() for path, head in heads.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = self._heads.get(scope.get("path", "")) if scope["type"] == "http" else None
        if head is None:
            await self._app(scope, receive, send)
            return
        started: list[Message] = []
        body = bytearray()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = CARDS.sub(b"", bytes(body)).replace(b"<head>", b"<head>" + head, 1)
            kept = [(name, value) for name, value in started[0]["headers"] if name.lower() != b"content-length"]
            await send({**started[0], "headers": [*kept, (b"content-length", str(len(page)).encode())]})
            await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, answer)
