"""Carrier of a stream, in a process of its own: takes FLV from the show by loopback TCP and sends it on as it is.

A server that hangs, or a driver that dies, holds or ends this process, never the show. Started with one line of JSON on
its standard input, where the address is: command lines are seen by everybody. The reason for an end is the last line
on its standard error.
"""

import json
import sys

import av

BEHIND_S = 0.5  # that picture may wait for sound, and sound for picture
PROBE = {"fpsprobesize": "0", "analyzeduration": "400000"}  # both headers come first
OPTIONS = {"flush_packets": "1", "max_interleave_delta": str(round(BEHIND_S * 1e6))}


def carry(port: int, url: str, muxer: str) -> None:
    """Copy packets until the show ends the stream; whatever FFmpeg raises."""
    with (
        av.open(f"tcp://127.0.0.1:{port}", format="flv", options=PROBE) as show,
        av.open(url, "w", format=muxer, options=OPTIONS) as server,
    ):
        streams = {stream.index: server.add_stream_from_template(stream) for stream in show.streams.get()}
        for packet in show.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                server.mux(packet)


def main() -> int:
    """Do the job on standard input."""
    job = json.loads(sys.stdin.readline())
    try:
        carry(job["port"], job["url"], job["muxer"])
    except (av.FFmpegError, OSError) as error:
        sys.stderr.write(f"{error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
