"""The names that splits of a data set go by."""

from collections.abc import Callable

SPLIT_NAMES: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test", "testing"),
}
"""The usual names of each split; the suite's own name of it comes first."""


def find(split: str, is_there: Callable[[str], bool]) -> str | None:
    """Returns the first of a split's usual names that is there; None without one.

    Args:
        split: The suite's own name of the split, a key of `SPLIT_NAMES`.
        is_there: Says of a name whether the data set has a split of that name.
    """
    return next(filter(is_there, SPLIT_NAMES[split]), None)


def own_name(name: str) -> str | None:
    """Returns the suite's own name of a split; None where the name is not a usual one.

    Args:
        name: One of the usual names.
    """
    return next((own for own, names in SPLIT_NAMES.items() if name in names), None)
