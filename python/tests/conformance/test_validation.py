"""Every case of validation: as Python's own values, as JSON text, as a `Request`, and as what a client refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from canonical import of_report, of_violations, same
from support import KEY, Json, cases, text

import spark_t2i

CASES = cases("validation")
VALUES = [case for case in CASES if "parameters" in case]
NAMES = {"prompt", "seed", "use_pre_llm", "width", "height"}


def name_of(case: Json) -> str:
    name: str = case["name"]
    return name


def values_of(case: Json) -> dict[str, Json]:
    values: dict[str, Json] = dict(case["parameters"])
    if "prompt" in case:
        values["prompt"] = text(case["prompt"])
    return values


def check(case: Json, report: spark_t2i.Report) -> None:
    form = of_report(report)
    assert same(form, case["expected"]), f"{case['name']}: {case['why']}\n{form}\n{case['expected']}"
    assert bool(report) is report.valid


# Where it would have to go, nobody listens.
@pytest.fixture(scope="module")
def client() -> Iterator[spark_t2i.Client]:
    with spark_t2i.Client(api_key=KEY, base_url="http://127.0.0.1:9", max_retries=0) as client:
        yield client


def test_there_are_cases_of_both_kinds() -> None:
    assert len(VALUES) > 100
    assert len(VALUES) < len(CASES)


@pytest.mark.parametrize("case", VALUES, ids=name_of)
def test_values(case: Json) -> None:
    check(case, spark_t2i.validate(values_of(case)))


@pytest.mark.parametrize("ascii", [True, False], ids=["escaped", "plain"])
@pytest.mark.parametrize("case", VALUES, ids=name_of)
def test_values_as_json(case: Json, ascii: bool) -> None:
    check(case, spark_t2i.validate(json.dumps(values_of(case), ensure_ascii=ascii)))


@pytest.mark.parametrize("case", [case for case in CASES if "parameters_text" in case], ids=name_of)
def test_json_that_libraries_read_differently(case: Json) -> None:
    check(case, spark_t2i.validate(text(case["parameters_text"])))


# In Python every parameter may be of any type, so that no more than unknown names and a missing prompt stay out.
EXPRESSIBLE = [case for case in VALUES if "prompt" in values_of(case) and values_of(case).keys() <= NAMES]


@pytest.mark.parametrize("case", EXPRESSIBLE, ids=name_of)
def test_request(case: Json) -> None:
    values = values_of(case)
    request = spark_t2i.Request(values.pop("prompt"), **values)
    check(case, request.validate())
    check(case, spark_t2i.validate(request))


@pytest.mark.parametrize("case", [case for case in VALUES if not case["expected"]["valid"]], ids=name_of)
def test_a_client_refuses_before_anything_is_sent(client: spark_t2i.Client, case: Json) -> None:
    sent = client.stats().requests
    for call in (client.submit, client.generate, client.estimate):
        with pytest.raises(spark_t2i.InvalidRequestError) as caught:
            call(values_of(case))
        assert same(of_violations(caught.value.violations), case["expected"]["violations"]), case["why"]
        assert caught.value.charged is spark_t2i.Charged.NO
    assert client.stats().requests == sent


@pytest.mark.parametrize("case", VALUES, ids=name_of)
def test_raise_if_invalid(case: Json) -> None:
    report = spark_t2i.validate(values_of(case))
    if case["expected"]["valid"]:
        report.raise_if_invalid()
        return
    with pytest.raises(spark_t2i.InvalidRequestError) as caught:
        report.raise_if_invalid()
    assert caught.value.violations == report.violations
    assert caught.value.code == report.violations[0].code
