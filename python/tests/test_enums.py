"""Enums that keep a word of a later service or version."""

from __future__ import annotations

import copy
import json
import pickle
from enum import Enum
from typing import Any

import pytest

from spark_t2i import Charged, ErrorKind, EventKind, Status

ENUMS: list[tuple[Any, str]] = [
    (Status, "queued running completed failed"),
    (Charged, "no yes unknown"),
    (EventKind, "submitted queued running retrying completed failed"),
]

every = pytest.mark.parametrize(("enum", "words"), ENUMS, ids=lambda part: getattr(part, "__name__", ""))
each = pytest.mark.parametrize("enum", [Status, Charged, EventKind, ErrorKind])


@every
def test_the_known_members(enum: Any, words: str) -> None:
    assert [member.value for member in enum] == words.split()
    assert [member.name for member in enum] == words.upper().split()
    for word in words.split():
        member = enum(word)
        assert member is enum[word.upper()]
        assert member == word and hash(member) == hash(word)
        assert member.is_known
        assert isinstance(member, str) and isinstance(member, Enum)
        assert json.dumps(member) == f'"{word}"'


@each
def test_an_unknown_word_is_kept(enum: Any) -> None:
    member = enum("paused")
    assert type(member) is enum
    assert (member.name, member.value, member.is_known) == ("UNKNOWN", "paused", False)
    assert member == "paused" and hash(member) == hash("paused")
    assert member == enum("paused") and member != enum("stopped")
    assert json.dumps(member) == '"paused"'
    assert "paused" in repr(member)


@each
def test_an_unknown_word_survives_copying(enum: Any) -> None:
    member = enum("paused")
    pickled = [pickle.loads(pickle.dumps(member, protocol)) for protocol in range(2, 6)]
    for other in [*pickled, copy.copy(member), copy.deepcopy(member)]:
        assert type(other) is enum
        assert (other, other.value, other.is_known) == (member, "paused", False)


@each
def test_unknown_words_are_kept_in_no_table(enum: Any) -> None:
    before = (len(enum), len(enum._value2member_map_), len(enum.__members__))
    for number in range(1000):
        enum(f"word-{number}")
    assert (len(enum), len(enum._value2member_map_), len(enum.__members__)) == before


@each
@pytest.mark.parametrize("value", [None, 7, b"queued", ["queued"]])
def test_what_is_no_text_is_no_member(enum: Any, value: object) -> None:
    with pytest.raises(ValueError):
        enum(value)


@each
def test_pickled_members_are_the_same_object(enum: Any) -> None:
    for member in enum:
        assert pickle.loads(pickle.dumps(member)) is member
        assert copy.deepcopy(member) is member


def test_which_states_are_ends() -> None:
    assert {status for status in Status if status.is_terminal} == {Status.COMPLETED, Status.FAILED}
    assert not Status("paused").is_terminal


def test_charged_unknown_is_a_known_answer() -> None:
    assert Charged("unknown") is Charged.UNKNOWN
    assert Charged.UNKNOWN.is_known
    assert not Charged("perhaps").is_known
    assert Charged("perhaps") is not Charged.UNKNOWN and Charged("perhaps") != Charged.UNKNOWN


def test_members_match() -> None:
    match Status("paused"):
        case Status.QUEUED | Status.RUNNING:
            pytest.fail("an unknown word is none of these")
        case other:
            assert other.value == "paused"
