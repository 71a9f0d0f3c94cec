import numpy as np
import pytest

from kerasapps.evaluation.classifier.metrics import class_accuracy, top_k_error

PROBABILITIES = np.array(
    [
        [0.1, 0.6, 0.3],
        [0.5, 0.2, 0.3],
        [0.2, 0.3, 0.5],
        [0.2, 0.5, 0.3],
    ]
)
# First, second, third and second guess.
LABELS = np.array([1, 2, 0, 2])


@pytest.mark.parametrize(("k", "error"), [(1, 3 / 4), (2, 1 / 4), (3, 0), (5, 0)])
def test_top_k_error(k, error):
    assert top_k_error(PROBABILITIES, LABELS, k) == error
    assert top_k_error(np.log(PROBABILITIES), LABELS, k) == error


def test_a_constant_classifier_is_right_by_chance_only():
    labels = np.arange(10)
    assert top_k_error(np.full([10, 10], 0.1), labels, 1) == 0.9
    assert top_k_error(np.full([10, 10], 0.1), labels, 5) == 0.5


@pytest.mark.parametrize("k", [1, 5])
def test_what_is_no_number_is_never_right(k):
    labels = np.arange(10)
    assert top_k_error(np.full([10, 10], np.nan), labels, k) == 1
    mixed = np.eye(10)
    mixed[3, 3] = np.nan
    assert top_k_error(mixed, labels, k) == 0.1


def test_top_1_is_argmax():
    random = np.random.default_rng(0)
    scores = random.integers(0, 4, [1000, 6]) / 10
    labels = random.integers(0, 6, 1000)
    expected = (scores.argmax(axis=1) != labels).mean()
    assert top_k_error(scores, labels, 1) == pytest.approx(expected)


def test_class_accuracy():
    matrix = np.array([[8, 2, 0], [0, 0, 0], [1, 2, 1]])
    assert class_accuracy(matrix) == [0.8, None, 0.25]
