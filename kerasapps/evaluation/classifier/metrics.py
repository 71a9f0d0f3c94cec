"""How often a classifier is right."""

import numpy as np


def top_k_error(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Returns the share of examples whose class isn't among the `k` likeliest.

    Of classes that are equally likely the first counts as likelier, as in `argmax`; so
    a classifier that can't tell classes apart isn't right by that, nor one that puts
    out no numbers.

    Args:
        probabilities: float `[examples, classes]`; logits do as well.
        labels: True classes, integer `[examples]`.
        k: Number of guesses; with as many as there are classes the error is 0.
    """
    of_label = np.take_along_axis(probabilities, labels[:, np.newaxis], axis=1)
    before = np.arange(probabilities.shape[1]) < labels[:, np.newaxis]
    # Not ">": what isn't a number is never right.
    likelier = ~(probabilities <= of_label) | (before & (probabilities == of_label))
    return float((likelier.sum(axis=1) >= k).mean())


def class_accuracy(matrix: np.ndarray) -> list[float | None]:
    """Returns the share of each class's examples that is classified right.

    Args:
        matrix: Confusion matrix, integer `[true class, predicted class]`.

    Returns:
        One number a class; None where the class has no examples.
    """
    return [
        float(row[label] / row.sum()) if row.any() else None
        for label, row in enumerate(matrix)
    ]
