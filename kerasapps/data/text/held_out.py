"""Sentences that are held out where a corpus has no split for it."""

import numpy as np
from absl import logging

from kerasapps.data.text.corpus import Sentences
from kerasapps.errors import InputError

_MOST = 1000


def hold_out(splits: dict[str, Sentences], name: str) -> dict[str, Sentences]:
    """Returns the splits "train", "validation" and "test".

    Pairs of which a sentence is blank are left out, counted in one warning. For each
    of "validation" and "test" that is missing a tenth of the pairs of "train", at most
    1,000, is held out; which, doesn't change from run to run.

    Args:
        splits: "train", and as many of the others as there are.
        name: How errors name the corpus.

    Raises:
        InputError: If a split has no pair, or there are too few pairs to hold out.
    """
    splits = _without_blanks(splits, name)
    for split, pairs in splits.items():
        if not pairs.source:
            raise InputError(
                f"split {split!r} of {name} has no pair of sentences; add some"
            )
    missing = [split for split in ("validation", "test") if split not in splits]
    if not missing:
        return splits
    train = splits["train"]
    size = len(train.source)
    count = min(size // 10, _MOST)
    if not count:
        raise InputError(
            f"{name} has no split {missing[0]!r}, and {size} training pairs are too "
            "few to hold a tenth of them out; add the split"
        )
    parts = np.split(
        np.random.default_rng(0).permutation(size),
        count * np.arange(1, len(missing) + 1),
    )
    names = [*missing, "train"]
    return splits | {
        split: _part(train, np.sort(part))
        for split, part in zip(names, parts, strict=True)
    }


def _without_blanks(splits, name):
    found, passed_over = {}, []
    for split, pairs in splits.items():
        kept, blank = [], []
        for i, both in enumerate(zip(pairs.source, pairs.target, strict=True)):
            (kept if all(map(str.strip, both)) else blank).append(i)
        found[split] = _part(pairs, kept) if blank else pairs
        passed_over += [f"pair {i + 1} of {split!r}" for i in blank]
    if passed_over:
        logging.warning(
            "passed over: %d pairs of %s of which a sentence is blank (the first is "
            "%s)",
            len(passed_over),
            name,
            passed_over[0],
        )
    return found


def _part(pairs: Sentences, positions) -> Sentences:
    return Sentences(
        [pairs.source[i] for i in positions], [pairs.target[i] for i in positions]
    )
