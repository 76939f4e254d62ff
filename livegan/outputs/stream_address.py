"""Addresses of streams: which container each scheme carries, and what may be shown of one (no stream key)."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from livegan.core.files import expanded

MUXERS = {"rtmp": "flv", "rtmps": "flv", "srt": "mpegts", "udp": "mpegts", "tcp": "mpegts", "rtp": "rtp_mpegts"}
FILE_ENDING = ".ts"


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where a stream goes."""

    url: str
    scheme: str  # "": a file
    muxer: str

    @property
    def path(self) -> Path | None:
        """The file, if it is one."""
        return None if self.scheme else expanded(self.url)

    @property
    def sent(self) -> str:
        """The address as FFmpeg gets it: seven packets of a transport stream fit into one of Ethernet."""
        if self.scheme != "udp" or "pkt_size=" in self.url:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}pkt_size=1316"

    @property
    def shown(self) -> str:
        """What a screen may show of it: keys and passwords stand behind the host, or before it."""
        if not self.scheme:
            return self.url
        parts = urlsplit(self.url)
        return f"{self.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"


def parse_stream_address(text: str) -> StreamAddress:
    """The address; ValueError for what no stream can be sent to."""
    scheme, colon, _ = text.partition("://")
    if not colon:
        if text.lower().endswith(FILE_ENDING):
            return StreamAddress(text, "", "mpegts")
        raise ValueError(f"'{text}' is no address of a stream; write rtmp://HOST/APP/KEY, srt://HOST:PORT or NAME.ts")
    if scheme not in MUXERS:
        raise ValueError(f"'{scheme}://' is no kind of stream; there are: {', '.join(MUXERS)}, and files NAME.ts")
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not parts.hostname or port == -1 or (scheme not in ("rtmp", "rtmps") and port is None):
        raise ValueError(f"'{scheme}://...' needs a host and a port, e.g. {scheme}://192.168.1.20:9000")
    return StreamAddress(text, scheme, MUXERS[scheme])
