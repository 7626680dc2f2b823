"""Files as they lie on disk become UTF-8 bytes in which offsets can be trusted."""

from __future__ import annotations

import io
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.source.text import LineIndex, SourceText, Undecodable, decode


def decoded(data: bytes) -> SourceText:
    result = decode(data)
    assert isinstance(result, SourceText), result
    return result


def test_plain_ascii_is_passed_through_without_a_copy() -> None:
    data = b"import torch\nx = 1\n"
    assert decoded(data).data is data
    assert decoded(data) == SourceText(data, "utf-8", False)


def test_valid_utf8_is_passed_through_without_a_copy() -> None:
    data = "name = 'é日本'\n".encode()
    assert decoded(data).data is data


def test_a_latin1_cookie_is_followed() -> None:
    text = decoded(b"# -*- coding: latin-1 -*-\nname = '\xe9'\n")
    assert text == SourceText("# -*- coding: latin-1 -*-\nname = 'é'\n".encode(), "iso8859-1", False)


@pytest.mark.parametrize("name", ["latin-1-unix", "iso-8859-1-dos", "iso-latin-1"])
def test_the_line_end_that_emacs_adds_to_the_name_is_ignored(name: str) -> None:
    assert "é".encode() in decoded(b"# coding: " + name.encode() + b"\n# \xe9\n").data


def test_a_cookie_on_the_second_line_is_followed() -> None:
    assert decoded(b"#!/usr/bin/env python\n# coding=cp1252\nx = '\x80'\n").data.endswith("x = '€'\n".encode())


def test_a_cookie_below_code_is_a_comment() -> None:
    assert decoded(b"x = 1\n# coding: latin-1\n# \xe9\n").replaced


def test_a_cookie_on_the_third_line_is_a_comment() -> None:
    assert decoded(b"\n\n# coding: latin-1\n# \xe9\n").replaced


def test_a_cookie_inside_a_string_is_no_cookie() -> None:
    data = b"x = '# coding: latin-1'\ny = 1\n"
    assert decoded(data) == SourceText(data, "utf-8", False)


def test_a_cookie_after_lone_carriage_returns_is_seen() -> None:
    assert decoded(b"#!python\r# coding: latin-1\r# \xe9\r").data == "#!python\n# coding: latin-1\n# é\n".encode()


def test_a_byte_order_mark_is_stripped_and_remembered() -> None:
    assert decoded(b"\xef\xbb\xbfx = 1\n") == SourceText(b"x = 1\n", "utf-8-sig", False)


def test_a_byte_order_mark_wins_over_a_contradicting_cookie() -> None:
    assert decoded(b"\xef\xbb\xbf# coding: latin-1\n# \xc3\xa9\n").data.endswith("é\n".encode())


def test_lone_carriage_returns_become_line_feeds_of_the_same_length() -> None:
    assert decoded(b"a = 1\rb = 2\r\rc = 3\r").data == b"a = 1\nb = 2\n\nc = 3\n"


def test_crlf_stays() -> None:
    data = b"a = 1\r\nb = 2\r\n"
    assert decoded(data).data is data


def test_mixed_line_ends_lose_only_the_lone_ones() -> None:
    assert decoded(b"a\r\nb\rc\r\r\nd\n").data == b"a\r\nb\nc\n\r\nd\n"


def test_invalid_utf8_is_replaced_and_flagged() -> None:
    text = decoded(b"x = '\xff'\ny = torch.load(p)\n")
    assert text.replaced
    assert text.data == "x = '\ufffd'\ny = torch.load(p)\n".encode()


@pytest.mark.parametrize(
    "data", [b"\xff\xfex\0=\0", b"\xfe\xff\0x\0=", b"\0\0\xfe\xff", b"x = 1\0\n", "x=1".encode("utf-32")]
)
def test_wide_text_and_nul_bytes_are_refused_with_a_reason(data: bytes) -> None:
    result = decode(data)
    assert isinstance(result, Undecodable)
    assert result.reason


@pytest.mark.parametrize(
    "codec", ["no-such-codec", "rot13", "zlib", "hex", "bz2", "punycode", "idna", "undefined", "..", "os.path"]
)
def test_a_codec_that_is_no_character_set_is_refused(codec: str) -> None:
    result = decode(b"# coding: " + codec.encode() + b"\nx = 1\n")
    assert isinstance(result, Undecodable)
    assert codec in result.reason


def test_code_hidden_behind_escapes_is_read_as_python_reads_it() -> None:
    text = decoded(b"# coding: unicode_escape\n# \\u000aimport os\n")
    assert b"\nimport os\n" in text.data


def test_a_nul_that_only_decoding_shows_is_refused() -> None:
    assert isinstance(decode(b"# coding: unicode_escape\n# \\0\n"), Undecodable)


def test_a_lone_surrogate_is_replaced_and_flagged() -> None:
    assert decoded(b"# coding: unicode_escape\n# \\ud800\n").replaced


@given(st.binary(max_size=300))
def test_the_result_is_always_valid_utf8_without_lone_carriage_returns(data: bytes) -> None:
    result = decode(data)
    if isinstance(result, SourceText):
        result.data.decode("utf-8")
        assert b"\r" not in result.data.replace(b"\r\n", b"")
        assert b"\0" not in result.data


@given(
    st.text(st.characters(codec="latin-1", exclude_characters="\r\0"), max_size=80),
    st.sampled_from(["latin-1", "utf-8", "cp1252", "iso-8859-15"]),
    st.sampled_from(["# coding: {}\n", "#!x\n# -*- coding: {} -*-\n", "\n#coding={}\n", "x = 1\n# coding: {}\n"]),
)
def test_it_agrees_with_the_tokenizer_of_the_standard_library(body: str, codec: str, head: str) -> None:
    data = (head.format(codec) + body).encode(codec, "replace")
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    try:
        expected = data.decode(encoding)
    except UnicodeDecodeError:
        return
    result = decode(data)
    assert isinstance(result, SourceText)
    assert result.data.decode() == expected


def test_columns_count_code_points_from_one() -> None:
    index = LineIndex("é日本 f(x)\nplain g()\n".encode())
    assert index.position("é日本 ".encode().__len__()) == (1, 5)
    assert index.position(index.line_start(2) + 6) == (2, 7)


def test_an_offset_within_a_character_is_the_place_of_the_character() -> None:
    assert LineIndex("日x".encode()).position(1) == (1, 1)
    assert LineIndex("日x".encode()).position(3) == (1, 2)


def test_form_feeds_and_other_separators_are_not_newlines() -> None:
    index = LineIndex("a\fb\vc\u2028d\x85e\nf\n".encode())
    assert index.line_text(1) == "a\fb\vc\u2028d\x85e"
    assert index.line_text(2) == "f"


def test_the_line_text_has_no_line_end() -> None:
    index = LineIndex(b"a\r\n\r\nb")
    assert [index.line_text(n) for n in (1, 2, 3)] == ["a", "", "b"]


def test_the_end_of_the_text_has_a_position() -> None:
    assert LineIndex(b"a\n").position(2) == (2, 1)
    assert LineIndex(b"").position(0) == (1, 1)


def test_places_outside_of_the_text_are_errors() -> None:
    index = LineIndex(b"a\n")
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match="outside"):
            index.position(wrong)
    for line in (0, 3):
        with pytest.raises(ValueError, match="outside"):
            index.line_text(line)


@given(st.text(max_size=60), st.data())
def test_positions_agree_with_counting_by_hand(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    at = data.draw(st.integers(0, len(text)))
    before = text[:at]
    line, column = LineIndex(raw).position(len(before.encode()))
    assert (line, column) == (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
