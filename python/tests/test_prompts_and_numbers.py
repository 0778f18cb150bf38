"""Rows 25 and 26 of the faults: texts and numbers at the edges, of every type that Python has for them."""

from __future__ import annotations

import enum
import fractions
import json
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy
import pytest
from support import KEY, Server, report_of

import spark_t2i
from spark_t2i import Client, Report, Request, validate

FOX = "a red fox in the snow"
FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    server.status = 200
    server.body = b'{"id":"t-1","status":"queued"}'
    with Client(api_key=KEY, base_url=server.url, max_retries=0) as client:
        yield client


def codes(report: Report) -> list[tuple[str | None, str]]:
    return [(violation.code, violation.field) for violation in report.violations]


@pytest.mark.parametrize(
    "prompt",
    ["x", "x" * 800, "雪" * 800, "\N{FOX FACE}" * 800, FAMILY, "a\0b", "a\nb\u2028c", "\ufeffa", "\U0010ffff", " a "],
    ids=ascii,
)
def test_prompts_go_out_as_they_are(server: Server, client: Client, prompt: str) -> None:
    assert validate({"prompt": prompt}).valid
    client.submit(prompt)
    assert json.loads(server.bodies[-1])["input"][0]["params"]["prompt"] == prompt


@pytest.mark.parametrize(
    "prompt", ["", " ", "\u3000\n\t", "x" * 801, "雪" * 801, "\N{FOX FACE}" * 801, "x" * 5_000_000]
)
def test_prompts_that_are_refused(server: Server, client: Client, prompt: str) -> None:
    sent = len(server.bodies)
    report = validate({"prompt": prompt})
    assert [field for _, field in codes(report)] == ["prompt"]
    assert codes(report) == codes(Request(prompt).validate()) == codes(validate(json.dumps({"prompt": prompt})))
    with pytest.raises(spark_t2i.InvalidRequestError) as caught:
        client.submit(prompt)
    assert caught.value.violations == report.violations
    assert len(server.bodies) == sent


@pytest.mark.parametrize("prompt", ["\ud800", "a\udfffb", "\ud83e x", "\udc80" * 800], ids=ascii)
def test_half_a_surrogate_pair_is_no_text(server: Server, client: Client, prompt: str) -> None:
    sent = len(server.bodies)
    report = validate({"prompt": prompt})
    assert not report.valid and {field for _, field in codes(report)} == {"prompt"}
    # Python's JSON writes it as an escape, which has the same verdict.
    assert codes(validate(json.dumps({"prompt": prompt}))) == codes(report)
    for call in (client.submit, client.generate, client.estimate):
        with pytest.raises(spark_t2i.InvalidRequestError) as caught:
            call(prompt)
        assert caught.value.violations == report.violations
        str(caught.value).encode()
    assert len(server.bodies) == sent


def test_both_halves_are_one_character() -> None:
    # As they come out of a JSON library that does not join them.
    joined = validate('{"prompt": "\\ud83e\\udd8a"}')
    assert joined.valid


@pytest.mark.parametrize("prompt", [None, 7, 1.5, True, b"a fox", ["a fox"], object()], ids=str)
def test_what_is_no_text_is_no_prompt(client: Client, prompt: Any) -> None:
    for call in (client.submit, client.generate):
        with pytest.raises((spark_t2i.InvalidRequestError, TypeError)):
            call(prompt)
    assert not validate({"prompt": prompt}).valid
    assert client.stats().requests == 0


class Word(str):
    pass


class Colour(str, enum.Enum):
    RED = "a red fox"


@pytest.mark.parametrize(
    "prompt", [Word("a red fox"), Colour.RED, numpy.str_("a red fox")], ids=lambda p: type(p).__name__
)
def test_what_is_a_text_underneath_is_a_prompt(server: Server, client: Client, prompt: str) -> None:
    client.submit(prompt)
    assert json.loads(server.bodies[-1])["input"][0]["params"]["prompt"] == "a red fox"


@pytest.mark.parametrize("seed", [-1, 1, 2**31, 2**53 + 1, 2**63 - 1])
def test_seeds_keep_every_digit(server: Server, client: Client, seed: int) -> None:
    assert validate({"prompt": FOX, "seed": seed}).valid
    client.submit(FOX, seed=seed)
    assert f'"seed":{seed}'.encode() in server.bodies[-1].replace(b" ", b"")


HUGE = 10**5000

WRONG_SEEDS: list[Any] = [
    0,
    -2,
    2**63,
    2**64,
    -(2**63) - 1,
    1.5,
    float("nan"),
    float("inf"),
    "7",
    True,
    b"7",
    [7],
    7j,
    HUGE,
    -HUGE,
]


@pytest.mark.parametrize("seed", WRONG_SEEDS, ids=lambda seed: str(seed) if seed not in (HUGE, -HUGE) else "huge")
def test_seeds_that_are_refused(client: Client, seed: Any) -> None:
    report = validate({"prompt": FOX, "seed": seed})
    assert codes(report) == [("003001004", "seed")]
    assert codes(Request(FOX, seed=seed).validate()) == codes(report)
    for call in (client.submit, client.generate, client.estimate):
        with pytest.raises(spark_t2i.InvalidRequestError) as caught:
            call(FOX, seed=seed)
        assert caught.value.violations == report.violations
    assert client.stats().requests == 0


def text_of(value: Any) -> str:
    """As JSON has it; Python's own refuses numbers that are too long to print."""
    return json.dumps(value)


@pytest.mark.parametrize("seed", [1.0, 1e3, -1.0, 2.0**50, 1e18], ids=str)
@pytest.mark.parametrize("field", ["seed", "width"])
def test_a_float_has_the_verdict_of_its_json(field: str, seed: float) -> None:
    values: dict[str, Any] = {"prompt": FOX, "height": 1024, "width": 1024} | {field: seed}
    assert codes(validate(values)) == codes(validate(text_of(values)))


@pytest.mark.parametrize("digits", [1, 20, 4299, 4300, 4301, 100_000])
@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_beyond_what_python_prints(digits: int, sign: int) -> None:
    number = sign * (10 ** (digits - 1))
    limit = sys.get_int_max_str_digits() if hasattr(sys, "get_int_max_str_digits") else 0
    report = validate({"prompt": FOX, "seed": number})
    by_text = validate(f'{{"prompt": "a fox", "seed": {"-" if sign < 0 else ""}1{"0" * (digits - 1)}}}')
    assert codes(report) == codes(by_text)
    assert report.valid is (digits == 1)
    assert limit == (sys.get_int_max_str_digits() if hasattr(sys, "get_int_max_str_digits") else 0)


class Number(enum.IntEnum):
    SEVEN = 7


class Index:
    def __index__(self) -> int:
        return 7


@pytest.mark.parametrize(
    "seed",
    [numpy.int64(7), numpy.uint8(7), numpy.int32(7), Number.SEVEN, Index()],
    ids=lambda seed: type(seed).__name__,
)
def test_whole_numbers_of_other_types(server: Server, client: Client, seed: Any) -> None:
    """They are numbers to Python: `operator.index` takes them."""
    side: Any = numpy.int64(1024)
    client.submit(FOX, seed=seed, width=side, height=1024)
    assert json.loads(server.bodies[-1])["input"][0]["params"] == {
        "prompt": FOX,
        "seed": 7,
        "width": 1024,
        "height": 1024,
    }


@pytest.mark.parametrize(
    "seed",
    [
        Decimal("1.5"),
        Decimal("NaN"),
        fractions.Fraction(3, 2),
        numpy.float64(1.5),
        numpy.bool_(True),
        numpy.float64("nan"),
    ],
    ids=repr,
)
def test_numbers_of_other_types_that_are_not_whole(client: Client, seed: Any) -> None:
    assert codes(validate({"prompt": FOX, "seed": seed})) == [("003001004", "seed")]
    with pytest.raises(spark_t2i.InvalidRequestError):
        client.submit(FOX, seed=seed)


@pytest.mark.parametrize(
    ("field", "code"), [("width", "003001008"), ("height", "003001008"), ("use_pre_llm", "003001003")]
)
@pytest.mark.parametrize("value", ["1024", 1.5, [1024], {}, b"1024"], ids=str)
def test_other_parameters_of_wrong_types(field: str, code: str, value: Any) -> None:
    values: dict[str, Any] = {"prompt": FOX, "width": 1024, "height": 1024} | {field: value}
    assert (code, field) in codes(validate(values))


@pytest.mark.parametrize("value", [0, 1, numpy.bool_(True), "true"], ids=repr)
def test_use_pre_llm_is_true_or_false_and_nothing_like_it(value: Any) -> None:
    assert codes(validate({"prompt": FOX, "use_pre_llm": value})) == [("003001003", "use_pre_llm")]


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("it cannot even be shown")

    __str__ = __repr__


def test_a_value_that_cannot_be_shown_is_refused_all_the_same() -> None:
    assert codes(validate({"prompt": FOX, "seed": Hostile()})) == [("003001004", "seed")]


@pytest.mark.parametrize(
    "made",
    [
        "value = []; value.append(value)",
        "value = []\nfor _ in range(100_000): value = [value]",
        "value = {}; value['a'] = value",
    ],
    ids=["a list in itself", "a deep list", "a map in itself"],
)
def test_a_value_without_an_end_is_refused_all_the_same(made: str) -> None:
    # In another process, which it may take with it.
    script = """
import json, os
from spark_t2i import validate
report = validate({"prompt": "a fox", "seed": value})
print(json.dumps([[violation.code, violation.field] for violation in report.violations]), flush=True)
os._exit(0)
"""
    assert report_of(f"{made}\n{script}") == [["003001004", "seed"]]


def test_any_mapping_is_taken() -> None:
    class Own(Mapping[str, object]):
        def __getitem__(self, name: str) -> object:
            return {"prompt": FOX, "seed": 7}[name]

        def __iter__(self) -> Iterator[str]:
            return iter(("prompt", "seed"))

        def __len__(self) -> int:
            return 2

    assert validate(Own()).valid


@pytest.mark.parametrize("parameters", [None, 7, ["prompt"], b"{}"], ids=str)
def test_what_is_no_mapping(parameters: Any) -> None:
    with pytest.raises(TypeError):
        validate(parameters)


def test_numbers_are_not_cut_to_the_width_of_a_machine() -> None:
    assert [validate({"prompt": FOX, "seed": seed}).valid for seed in (2**63 - 1, 2**63)] == [True, False]
    assert codes(validate({"prompt": FOX, "width": 2**32 + 1024, "height": 1024})) != []
    assert codes(validate({"prompt": FOX, "width": 2**64 + 1024, "height": 1024})) != []
