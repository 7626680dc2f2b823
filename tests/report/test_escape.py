"""What scanned text may do to a reader's terminal: nothing."""

from __future__ import annotations

import pytest
from hypothesis import given

from mlsec_lint.domain.finding import Location
from mlsec_lint.report.escape import cropped, fingerprint, one_line, valid, visible

from .builders import finding
from .strategies import texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, 模型 é", "plain text, 模型 é"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("line\nbreak\r\u2028", r"line\nbreak\r\u2028"),
        ("\udcff", r"\udcff"),
        ("\U000e0041", r"\U000e0041"),
        ("\x7f\x00", r"\x7f\x00"),
    ],
)
def test_what_a_terminal_obeys_or_hides_is_written_out(text: str, shown: str) -> None:
    """Controls, bidirectional marks, invisible characters and surrogates become escapes, the rest stays."""
    assert visible(text) == shown


@given(texts)
def test_shown_text_is_printable_and_stays_on_its_line(text: str) -> None:
    """Whatever is put in."""
    assert visible(text).isprintable()
    assert one_line(text).isprintable()


def test_prose_over_several_lines_becomes_one() -> None:
    """Messages from data files are wrapped there."""
    assert one_line("first\n  second\tthird\n") == "first second third"


def test_cropping_keeps_the_limit() -> None:
    """The ellipsis counts."""
    assert cropped("abcdef", 4) == "abc…"
    assert cropped("abcd", 4) == "abcd"


@given(texts)
def test_valid_text_can_be_encoded_and_other_text_is_untouched(text: str) -> None:
    """Lone surrogates are all that UTF-8 cannot hold."""
    encoded = valid(text).encode("utf-8")
    assert len(encoded.decode("utf-8")) == len(text)
    assert not text.isprintable() or valid(text) == text


def test_a_finding_in_a_file_whose_name_is_no_utf8_has_a_fingerprint() -> None:
    """Such names reach the report as lone surrogates."""
    place = Location("src/\udcff.py", 1, 1, 1, 2)
    assert len(fingerprint(finding(location=place))) == 32
    assert fingerprint(finding()) == finding().fingerprint
