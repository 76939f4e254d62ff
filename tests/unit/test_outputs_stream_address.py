"""Addresses of streams: what is taken, what is refused in a sentence, and that no screen shows a key."""

import pytest

from livegan.outputs.stream_address import parse_stream_address


@pytest.mark.parametrize(
    ("url", "muxer", "shown"),
    [
        ("rtmp://live.example.org/app/secret-key", "flv", "rtmp://live.example.org"),
        ("rtmps://user:secret@live.example.org:443/app/secret", "flv", "rtmps://live.example.org:443"),
        ("srt://192.168.1.20:9000?passphrase=secret", "mpegts", "srt://192.168.1.20:9000"),
        ("udp://239.1.2.3:5004", "mpegts", "udp://239.1.2.3:5004"),
        ("rtp://127.0.0.1:5004", "rtp_mpegts", "rtp://127.0.0.1:5004"),
        ("show.ts", "mpegts", "show.ts"),
    ],
)
def test_it_is_understood_and_its_key_is_not_shown(url: str, muxer: str, shown: str) -> None:
    address = parse_stream_address(url)
    assert (address.muxer, address.shown) == (muxer, shown)
    assert "secret" not in address.shown


@pytest.mark.parametrize("url", ["", "show.mp4", "ftp://x/y", "srt://host", "udp://1.2.3.4:port", "rtmp:///app/key"])
def test_others_are_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValueError, match="://"):
        parse_stream_address(url)


def test_udp_packets_fit_into_one_of_ethernet_unless_the_player_says_otherwise() -> None:
    assert parse_stream_address("udp://1.2.3.4:5").sent == "udp://1.2.3.4:5?pkt_size=1316"
    assert parse_stream_address("udp://1.2.3.4:5?ttl=2").sent == "udp://1.2.3.4:5?ttl=2&pkt_size=1316"
    assert parse_stream_address("udp://1.2.3.4:5?pkt_size=188").sent == "udp://1.2.3.4:5?pkt_size=188"
