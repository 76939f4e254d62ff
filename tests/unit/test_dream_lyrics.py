"""Lyrics as prompts: three formats, encodings, and files that are wrong or hostile."""

from math import inf
from pathlib import Path

import pytest

from livegan.errors import DreamError
from livegan.studio.dream.lyrics import MAX_BYTES, Lyric, lyric_at, read_lyrics


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_lrc_with_tags_several_times_a_line_words_and_an_offset(tmp_path: Path) -> None:
    text = "[ar: Nobody]\n[offset:+500]\n[00:10.50][01:10]red <00:11.00> rain\n\n[00:20.25]\n[1:00:02.5]far later\n"
    assert read_lyrics(written(tmp_path, "a.lrc", text)) == (
        Lyric(10.0, 19.75, "red rain"),
        Lyric(69.5, 3602.0, "red rain"),
        Lyric(3602.0, inf, "far later"),
    )


def test_a_negative_offset_is_later_and_nothing_is_before_the_song(tmp_path: Path) -> None:
    assert read_lyrics(written(tmp_path, "a.lrc", "[offset:-1000]\n[00:01]a"))[0].start_s == 2.0
    assert read_lyrics(written(tmp_path, "b.lrc", "[offset:5000]\n[00:01]a"))[0].start_s == 0.0


def test_srt_with_markup_hours_and_two_lines(tmp_path: Path) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:03,500\n<i>a</i> {\\an8}rose\nin snow\n\n\n"
        "2\n01:00:00.250 --> 01:00:02,000 X1:40\nlate\n"
    )
    assert read_lyrics(written(tmp_path, "a.SRT", text)) == (
        Lyric(1.0, 3.5, "a rose in snow"),
        Lyric(3600.25, 3602.0, "late"),
    )


def test_where_lyrics_overlap_the_later_one_counts(tmp_path: Path) -> None:
    text = "2\n00:00:05,000 --> 00:00:09,000\nb\n\n1\n00:00:01,000 --> 00:00:07,000\na\n"
    assert read_lyrics(written(tmp_path, "a.srt", text)) == (Lyric(1.0, 5.0, "a"), Lyric(5.0, 9.0, "b"))


@pytest.mark.parametrize(
    "text",
    [
        "timestamp,text\n0:05,one\n01:02.5,two\n",
        "text,timestamp\none,0:05\ntwo,1:02.5\n",
        "0:05;one\n62.5;two\n",
        '\ufefftimestamp,text\r\n"0:05","one"\r\n"0:01:02.50","two"\r\n\r\n',
        "timestamp\ttext\r0:05\tone\r1:02.50\ttwo",
    ],
)
def test_csv_of_every_kind(tmp_path: Path, text: str) -> None:
    assert read_lyrics(written(tmp_path, "a.csv", text)) == (Lyric(5.0, 62.5, "one"), Lyric(62.5, inf, "two"))


def test_quotes_of_csv_hold_commas_and_line_ends(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", '0:01,"oh, ""you""\nand me"\n')
    assert read_lyrics(path)[0].text == 'oh, "you" and me'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    assert read_lyrics(written(tmp_path, "a.lrc", "[00:01]紫色的烟 – é".encode(encoding)))[0].text == "紫色的烟 – é"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.lrc", "[00:01]a\nb\n", "line 2: there is no time before it"),
        ("a.lrc", "[00:99]a", "line 1: '00:99' has more than 59 seconds"),
        ("a.lrc", "[1:61:00]a", "line 1: '1:61:00' has more than 59 seconds or minutes"),
        ("a.lrc", "[99:99:99:99]a", "line 1: '99:99:99:99' is no time"),
        ("a.lrc", "[999:00:00]a", "more than 24 hours"),
        ("a.lrc", "[offset:soon]\n[00:01]a", "line 1: the offset 'soon'"),
        ("a.lrc", "[00:01]" + "a" * 501, "line 1: it has 501 characters"),
        ("a.lrc", "[ti: only tags]\n", "has no lyrics in it"),
        ("a.lrc", "", "has no lyrics in it"),
        ("a.lrc", "[00:01]caf\u00e9\n[00:02]na\u00efve".encode("latin-1"), "line 1: it is not written in UTF-8"),
        ("a.lrc", "[00:01]a\0b", "is no text"),
        ("a.lrc", b"\xff\xfe\x00", "is not written in UTF-8"),
        ("a.lrc", b"a" * (MAX_BYTES + 1), "larger than 1 MB"),
        ("a.srt", "1\nhello\n", "line 2: there are no times"),
        ("a.srt", "1\n00:00:05,000 --> 00:00:01,000\na\n", "line 2: it ends before it begins"),
        ("a.srt", "1\n00:00:05 -->\na\n", "line 2: there are no times"),
        ("a.csv", "timestamp,text\n0:01\n", "line 2: it has no two columns"),
        ("a.csv", "timestamp,text\n0:01,oh, you\n", "line 2: it has more than two columns"),
        ("a.csv", "timestamp,text\nsoon,a\n", "line 2: 'soon' is no time"),
        ("a.csv", '0:01,"a\n', "line 1: it is no CSV"),
        ("a.csv", "0:01," + "[" * 200_000, "line 1: it is no CSV"),
        ("a.txt", "[00:01]a", "give one that ends in .lrc, .srt, .csv"),
    ],
)
def test_mistakes_are_told_in_one_sentence_with_their_line(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(DreamError) as error:
        read_lyrics(written(tmp_path, name, content))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_all_mistakes_are_told_at_once_and_many_are_counted(tmp_path: Path) -> None:
    with pytest.raises(DreamError, match=r"line 1: .*; line 2: .*; line 3: .*; and 7 more"):
        read_lyrics(written(tmp_path, "a.lrc", "no time\n" * 10))


def test_files_that_are_not_there_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b.lrc").mkdir()
    for name in ("gone.lrc", "b.lrc"):
        with pytest.raises(DreamError, match="there is no file"):
            read_lyrics(tmp_path / name)


def test_a_hostile_file_takes_no_time(tmp_path: Path) -> None:
    for name, content in (
        ("a.lrc", "[00:01]" + "<" * 400 + "\n" + "[" * 200_000),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n" + "<a" * 200_000),
        ("a.csv", "," * 500_000),
    ):
        with pytest.raises(DreamError):
            read_lyrics(written(tmp_path, name, content))


def test_the_lyric_that_is_sung_longest_is_the_prompt() -> None:
    lyrics = (Lyric(0, 4, "a"), Lyric(4, 8, "b"))
    assert lyric_at(lyrics, 3, 6) == lyrics[1]
    assert lyric_at(lyrics, 8, 9) is None
    assert lyric_at((), 0, 1) is None
