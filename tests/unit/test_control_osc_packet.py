"""OSC packets: what python-osc builds is read again; what anybody else builds takes no time and raises nothing."""

import struct

from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from livegan.control.osc_packet import MAX_MESSAGES, Message, messages_of, packet


def built(address: str, *arguments: object) -> OscMessageBuilder:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)  # type: ignore[arg-type]
    return builder


def bundle(*messages: OscMessageBuilder, time_tag: float = IMMEDIATELY) -> bytes:
    builder = OscBundleBuilder(time_tag)
    for message in messages:
        builder.add_content(message.build())
    dgram: bytes = builder.build().dgram
    return dgram


def raw_bundle(*elements: bytes) -> bytes:
    return b"#bundle\0" + bytes(8) + b"".join(struct.pack(">i", len(each)) + each for each in elements)


def test_messages_of_python_osc_are_read() -> None:
    dgram = built("/a/b", 0.5, 3, True, False, None, "word").build().dgram
    assert messages_of(dgram) == ([Message("/a/b", (0.5, 3, True, False, None, "word"))], 0)
    assert messages_of(b"/a\0\0") == ([Message("/a", ())], 0)  # without type tags, as old programs send
    two = bundle(built("/a", 1), built("/b", 2), time_tag=2e9)  # in the year 2033: now
    assert messages_of(two) == ([Message("/a", (1,)), Message("/b", (2,))], 0)
    assert messages_of(raw_bundle(two, b"/c\0\0"))[0][-1] == Message("/c", ())


def test_what_we_send_is_read_again() -> None:
    assert messages_of(packet("/motion/pulse", (0.5,))) == ([Message("/motion/pulse", (0.5,))], 0)
    assert messages_of(packet("/scene", ("tide",)))[0] == [Message("/scene", ("tide",))]
    assert packet("/prompt", ("x" * 4000,)) == b""
    assert packet("/prompt", ("\ud800",)) == b""


def test_bundles_are_bounded() -> None:
    backwards = b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc" * 3  # python-osc reads elements of -4 bytes for ever
    assert messages_of(backwards) == ([], 1)
    deep = b"/a\0\0"
    for _ in range(2000):
        deep = raw_bundle(deep)
    assert messages_of(deep) == ([], 1)
    many, refused = messages_of(raw_bundle(*[b"/a\0\0"] * 8000))
    assert len(many) == MAX_MESSAGES
    assert refused == 1
    assert messages_of(raw_bundle(*[b"x"] * 8000))[1] == MAX_MESSAGES + 1


@given(st.binary(max_size=300) | st.builds(lambda tail: b"/a\0\0," + tail, st.binary(max_size=60)))
def test_no_datagram_raises(datagram: bytes) -> None:
    messages, refused = messages_of(datagram)
    assert len(messages) + refused >= 1
    for message in messages:
        assert message.address.startswith("/")


@given(st.lists(st.binary(max_size=40), max_size=10), st.binary(max_size=20))
def test_no_bundle_raises(elements: list[bytes], tail: bytes) -> None:
    messages_of(raw_bundle(*elements) + tail)
    messages_of(raw_bundle(raw_bundle(*elements) + tail, *elements))
