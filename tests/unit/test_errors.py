import pickle

import pytest

from sco_pipeline.errors import AccessError, ChecksumError, ScoError, unknown


def test_unknown_names_the_nearest():
    assert unknown("indicator", "tx90", ["tx90p", "su"]) == (
        "unknown indicator 'tx90'. Did you mean 'tx90p'?"
    )


def test_unknown_lists_what_is_known_when_nothing_is_near():
    assert unknown("recipe", "zzz", ["b", "a"]) == "unknown recipe 'zzz'; known are a, b"
    assert unknown("recipe", "zzz", []) == "unknown recipe 'zzz'; known are none"


def test_unknown_names_the_nearest_of_many_even_when_it_is_far():
    many = [f"recipe-{letter}" for letter in "abcdefghij"] + ["xz"]
    assert unknown("recipe", "zzzz", many) == (
        "unknown recipe 'zzzz'; of the 11 known ones 'xz' is the nearest"
    )


@pytest.mark.parametrize("kind", [AccessError, ChecksumError])
@pytest.mark.parametrize("retryable", [True, False])
def test_the_retry_answer_survives_another_process(kind, retryable):
    error = pickle.loads(pickle.dumps(kind("late", retryable=retryable)))
    assert type(error) is kind
    assert (str(error), error.retryable) == ("late", retryable)
    assert isinstance(error, ScoError)
