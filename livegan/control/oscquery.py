"""OSCQuery description of the address space as JSON (OSCQuery Proposal, Vidvox), and what a request for it is answered.

Of the proposal: FULL_PATH, CONTENTS, DESCRIPTION, ACCESS, TYPE, RANGE, CLIPMODE and VALUE of every node, and HOST_INFO.
Nothing is pushed: it has no web sockets (LISTEN, PATH_CHANGED). Values change by OSC alone.
"""

import errno
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from livegan.control.http_server import HttpServer
from livegan.control.osc_address import is_address
from livegan.control.osc_packet import Value
from livegan.control.osc_space import AddressSpace, OscMethod
from livegan.control.osc_state import LiveSpace, ShowView
from livegan.core.files import reason_of
from livegan.core.token_bucket import TokenBucket

READ, WRITE = 1, 2
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "DESCRIPTION", "ACCESS", "TYPE", "RANGE", "CLIPMODE", "VALUE")
NAME = "livegan"
MOST_KEPT = 256  # answers
RETRY_S = 2.0  # while the port is taken

Node = dict[str, Any]


def host_info(host: str, port: int) -> Node:
    """What `?HOST_INFO` is answered; `port`: of OSC, over UDP."""
    extensions = dict.fromkeys(("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "CLIPMODE"), True)
    extensions |= dict.fromkeys(("TAGS", "EXTENDED_TYPE", "UNIT", "CRITICAL", "LISTEN", "PATH_CHANGED"), False)
    return {"NAME": NAME, "OSC_IP": host, "OSC_PORT": port, "OSC_TRANSPORT": "UDP", "EXTENSIONS": extensions}


def tree(space: AddressSpace, values: Mapping[str, Value]) -> Node:
    """The whole address space, with the values that are known."""
    root: Node = {"FULL_PATH": "/", "DESCRIPTION": f"{NAME}: pictures that answer music", "ACCESS": 0, "CONTENTS": {}}
    for address, method in space.methods.items():
        node = root
        path = ""
        for part in address[1:].split("/"):
            path += f"/{part}"
            node = node.setdefault("CONTENTS", {}).setdefault(part, {"FULL_PATH": path, "ACCESS": 0})
        node.update(_attributes(method, values))
    return root


def _attributes(method: OscMethod, values: Mapping[str, Value]) -> Node:
    unit = f" [{method.unit}]" if method.unit else ""
    known = method.address in values
    read = READ if known or method.kind == "report" else 0
    write = WRITE if method.kind != "report" else 0
    node: Node = {"DESCRIPTION": method.about + unit, "ACCESS": read | write, "TYPE": method.types}
    if method.types in ("f", "i"):
        whole = method.types == "i"
        low, high = (round(method.low), round(method.high)) if whole else (float(method.low), float(method.high))
        node |= {"RANGE": [{"MIN": low, "MAX": high}], "CLIPMODE": ["both"]}
    elif method.choices:
        node["RANGE"] = [{"VALS": list(method.choices)}]
    if known:
        value = values[method.address]
        node["VALUE"] = [value]
        node["TYPE"] = ("T" if value else "F") if method.types == "T" else method.types
    return node


def question(target: str) -> tuple[str, str]:
    """What a request's target asks for, such as "/motion/pulse?VALUE": address and attribute, "" for the whole node."""
    path, _, query = target.partition("#")[0].partition("?")
    return unquote(path).rstrip("/") or "/", query.partition("&")[0].partition("=")[0]


def answer(root: Node, info: Node, address: str, name: str) -> tuple[int, bytes]:
    """HTTP status and JSON of a question.

    404: no such address. 400: no such attribute. 204: an attribute that this node does not have.
    """
    if name == "HOST_INFO":
        return 200, _json(info)
    node = find_node(root, address)
    if node is None:
        return 404, _json({"error": "there is no such address"})
    if not name:
        return 200, _json(node)
    if name not in ATTRIBUTES:
        return 400, _json({"error": f"there is no such attribute; there are {', '.join(ATTRIBUTES)} and HOST_INFO"})
    return (200, _json({name: node[name]})) if name in node else (204, b"")


def find_node(root: Node, address: str) -> Node | None:
    """The node at an address; None if there is none."""
    if address == "/":
        return root
    if not is_address(address):
        return None
    node: Node | None = root
    for part in address[1:].split("/"):
        node = node.get("CONTENTS", {}).get(part) if node is not None else None
    return node


class OscQueryServer:
    """Service that answers OSCQuery requests about the scene that plays, over HTTP."""

    def __init__(
        self,
        board: Callable[[], ShowView | None],
        window: Callable[[], Mapping[str, float]],
        *,
        host: str,
        port: int,
        osc_port: int,
    ) -> None:
        """Listens on `port` (TCP) of `host`; OSC itself comes to `osc_port` (UDP). Opens nothing."""
        self.notice, self.host, self.port = "", host, port
        self._osc_port = osc_port
        self._live = LiveSpace(board, window)
        self._http = HttpServer(self._respond)
        self._root: Node = {}
        self._shown: object = None  # the values that it has
        self._answers: dict[tuple[str, str], tuple[int, bytes]] = {}  # of now, by question: each is made once
        self._trees, self._requests, self._now_s = TokenBucket(4, 4), TokenBucket(50, 200), 0.0
        self._retry_s = 0.0

    def start(self) -> None:
        """Listen; a port that is taken is no error, and is tried again: OSC works without a description."""
        try:
            self._http.open(self.host, self.port)
            self.port, self.notice = self._http.port, ""
        except OSError as error:
            reason = "another program has it" if error.errno == errno.EADDRINUSE else reason_of(error)
            self.notice = f"OSC: no description by OSCQuery, TCP port {self.port} cannot be used ({reason})"

    def poll(self, now_s: float) -> float:
        """Answer what is asked; seconds until the next poll."""
        self._now_s = now_s
        if self.notice and now_s >= self._retry_s:
            self._retry_s = now_s + RETRY_S
            self.start()
        return self._http.poll(now_s)

    def stop(self) -> None:
        """Close the port. Idempotent."""
        self._http.close()
        self.notice = ""

    def _respond(self, target: str) -> tuple[int, bytes]:
        if not self._requests.take(self._now_s):
            return 429, b""
        values, asked = self._live.values, question(target)
        if values is not self._shown and self._trees.take(self._now_s):  # it takes milliseconds
            self._root, self._shown = tree(self._live.space, values), values
            self._answers.clear()
        made = self._answers.get(asked)
        if made is None:
            made = answer(self._root, host_info(self.host, self._osc_port), *asked)
            if len(self._answers) < MOST_KEPT:
                self._answers[asked] = made
        return made


def _json(value: Node) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
