"""What is printed of an evaluation."""

from collections.abc import Sequence

import numpy as np

from kerasapps.errors import printable
from kerasapps.evaluation.classifier.metrics import class_accuracy

# Beyond these, only the classes that are least often right are printed.
_PRINTED_CLASSES = 20


def print_errors(metrics: dict) -> None:
    """Prints the errors of each model, and of all together.

    Args:
        metrics: What apps.evaluate_classifier writes into `metrics.json`.
    """
    rows = metrics["models"]
    if len(rows) > 1:
        rows = [*rows, {"model": "all, averaged", **metrics}]
    rows = [row | {"model": printable(row["model"])} for row in rows]
    width = max(len(row["model"]) for row in rows)
    print(f"{printable(metrics['dataset'])}, protocol {metrics['protocol']}\n")
    print(
        f"{'model':<{width}} {'images':>8} {'crops':>6} {'top-1 error':>12} "
        f"{'top-5 error':>12}"
    )
    for row in rows:
        print(
            f"{row['model']:<{width}} {metrics['images']:>8,} {row['crops']:>6} "
            f"{row['top_1_error']:>12.2%} {row['top_5_error']:>12.2%}"
        )


def print_classes(class_names: Sequence[str], matrix: np.ndarray) -> None:
    """Prints the accuracy of each class and what it is taken for.

    Args:
        class_names: Names of the classes.
        matrix: The confusion matrix, int `[classes, classes]`.
    """
    class_names = [*map(printable, class_names)]
    accuracy = class_accuracy(matrix)
    tested = [label for label, share in enumerate(accuracy) if share is not None]
    width = max(len("class"), *map(len, class_names))
    if len(class_names) <= _PRINTED_CLASSES:
        cells = [
            max(len(name), len(str(column.max())))
            for name, column in zip(class_names, matrix.T, strict=True)
        ]
        names = " ".join(f"{n:>{c}}" for n, c in zip(class_names, cells, strict=True))
        print(f"\n{'class':<{width}} {'accuracy':>8}   taken for")
        print(f"{'':{width + 12}}{names}")
        for label in tested:
            counts = zip(matrix[label], cells, strict=True)
            print(
                f"{class_names[label]:<{width}} {accuracy[label]:>8.1%}   "
                + " ".join(f"{n:>{cell}}" for n, cell in counts)
            )
        return
    print(f"\nLeast often right\n{'class':<{width}} {'accuracy':>8}   mostly taken for")
    by_accuracy = sorted(tested, key=lambda label: accuracy[label] or 0.0)
    for label in by_accuracy[:_PRINTED_CLASSES]:
        taken_for = class_names[matrix[label].argmax()]
        print(f"{class_names[label]:<{width}} {accuracy[label]:>8.1%}   {taken_for}")
