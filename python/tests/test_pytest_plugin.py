"""The plugin, as a user's own test suite meets it."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest


def test_it_is_found_by_its_entry_point() -> None:
    [found] = entry_points(group="pytest11", name="spark_t2i")
    assert found.value == "spark_t2i.pytest_plugin"


def test_a_users_program_goes_to_the_emulator(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os
        import pytest
        import spark_t2i

        def program():
            return spark_t2i.Client().generate("a red fox").task_id

        def test_program(spark_t2i_emulator):
            assert program()
            assert os.environ["SPARK_T2I_BASE_URL"] == spark_t2i_emulator.url
            assert spark_t2i_emulator.stats().tasks.created == 1

        def test_each_test_has_its_own(spark_t2i_emulator):
            assert spark_t2i_emulator.stats().tasks.created == 0

        def test_client(spark_t2i_client, spark_t2i_emulator):
            assert spark_t2i_client.submit("a red fox").id
            assert spark_t2i_emulator.stats().charges.count == 1

        @pytest.mark.spark_t2i(latency=3600.0)
        def test_latency(spark_t2i_client):
            with pytest.raises(spark_t2i.DeadlineExceededError):
                spark_t2i_client.generate("a red fox", timeout=0.3)

        @pytest.mark.spark_t2i(faults=["http-402"], price="0.5")
        def test_faults(spark_t2i_client, spark_t2i_emulator):
            with pytest.raises(spark_t2i.InsufficientBalanceError):
                spark_t2i_client.submit("a red fox")
            assert spark_t2i_emulator.stats().faults == {"http-402": 1}

        def test_the_environment_is_as_before():
            assert "SPARK_T2I_BASE_URL" not in os.environ
            assert "SPARK_T2I_API_KEY" not in os.environ
        """
    )
    result = pytester.runpytest_subprocess("--strict-markers", "-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6)


def test_who_does_not_use_it_does_not_pay_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_native_is_loaded():
            assert "spark_t2i._native" not in sys.modules
            assert "spark_t2i.pytest_plugin" in sys.modules
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_wrong_marker_says_what_is_wrong(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.spark_t2i(faults=["no-such"])
        def test_one(spark_t2i_emulator):
            pass
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no-such*"])


def test_the_fixtures_are_listed_with_what_they_do(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures")
    result.stdout.fnmatch_lines(["spark_t2i_emulator*", "spark_t2i_client*"])
    assert "no docstring available" not in "\n".join(line for line in result.outlines if "spark_t2i" in line)
    pytester.runpytest_subprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.spark_t2i*"])
