"""The papers' figures of what a generator makes."""

import math
import re
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from apps.gan.measuring import random_conditions
from apps.gan.trained import Trained
from kerasapps.data.images.attributes import shape_attributes_of
from kerasapps.errors import InputError
from kerasapps.evaluation.gan.perceptual_path_length import lerp, slerp
from kerasapps.evaluation.nearest import nearest_neighbors
from kerasapps.figures.image_matrix import image_matrix
from kerasapps.figures.vector_arithmetic import vector_arithmetic

# Rows and columns of the samples, to which numbers of samples refer.
_SAMPLES = (8, 8)
# Rows of other figures, and columns of interpolations.
_ROWS, _STEPS = 6, 9
# Samples of which those for arithmetic are chosen.
_CANDIDATES = 1_000
# What stands between the lists of samples in flags.
_SEPARATORS = {"arithmetic": ("-", "+"), "turn": (":",)}
# Standard deviations that a condition is shifted by.
_SHIFTS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


Groups = list[list[int]]


def sample_numbers(flag: str, text: str | None) -> Groups | None:
    """Returns the lists of samples that a flag names; None if it names none.

    Args:
        flag: "arithmetic" or "turn".
        text: What it gives: numbers of samples, three lists as in 1,2-3,4+5,6 or two as
            in 1,2:3,4.

    Raises:
        InputError: If it is written otherwise, or there are no such samples.
    """
    if text is None:
        return None
    separators, count = _SEPARATORS[flag], math.prod(_SAMPLES)
    parts = [text]
    for separator in separators:
        *before, last = parts
        parts = [*before, *last.split(separator, 1)]
    try:
        groups = [[int(number) for number in part.split(",")] for part in parts]
        fits = all(0 <= number < count for group in groups for number in group)
    except ValueError:
        fits = False
    if not fits or len(parts) != len(separators) + 1:
        form = "1,2,3".join(["", *separators, ""])
        raise InputError(
            f"--{flag}={text}: write numbers of samples, 0 to {count - 1}, as in {form}"
        )
    if flag == "arithmetic" and len({len(group) for group in groups}) > 1:
        raise InputError("--arithmetic: give as many samples in each of its parts")
    return groups


def draw(
    run: Trained,
    training: Iterable[np.ndarray],
    seed: int,
    arithmetic: Groups | None,
    turn: Groups | None,
) -> Iterator[tuple[str, Figure]]:
    """Yields figures by their names.

    Args:
        run: The run.
        training: Batches of all images that it learned from.
        seed: Seed of what is drawn.
        arithmetic: Samples whose mean z's are subtracted and added, three lists; None
            for those that are chosen by their shape.
        turn: Samples from whose mean z to that of others the turn vector leads, two
            lists; None for those that are chosen by their shape.
    """
    rows, columns = _SAMPLES
    z = run.draw(rows * columns, seed)
    conditions, _ = random_conditions(run, len(z))
    samples = run.make(z, conditions)
    yield "samples", image_matrix(samples.reshape(rows, columns, *samples.shape[1:]))
    yield "nearest_training_images", _nearest(samples, training)
    yield "interpolation", _interpolation(run, seed)
    if run.conditions is None:
        shapes = None if arithmetic and turn else _by_shape(run, seed)
        yield from _arithmetic(run, z, seed, arithmetic, shapes)
        yield from _turn(run, z, seed, turn, shapes)
    elif run.conditions.are_classes:
        yield "classes", _classes(run, seed)
    else:
        yield from _shifts(run, seed)


def _nearest(samples, training):
    """Goodfellow et al. 2014, figure 2: the last column is nearest to the one before.

    Nearest in the pixels, of all training images.
    """
    columns = 7
    grid = samples[: _ROWS * columns].reshape(_ROWS, columns, *samples.shape[1:])
    found = nearest_neighbors(grid[:, -1], training).examples
    both = np.concatenate([grid, found], axis=1)
    titles = [*["samples"] * columns, "nearest"]
    return image_matrix(both, column_titles=titles, framed_columns=[columns])


def _interpolation(run, seed):
    """Radford et al. 2015, figure 4: between two z's in each row."""
    start, end = np.split(run.draw(2 * _ROWS, seed + 2), 2)
    spherical = run.network.latent_bounds is None
    length = np.sqrt(start.shape[1])
    shares = np.linspace(0, 1, _STEPS)
    z = [
        slerp(start, end, np.full([_ROWS, 1], t)) * length
        if spherical
        else lerp(start, end, t)
        for t in shares
    ]
    z = np.stack(z, axis=1).reshape(-1, start.shape[1]).astype(np.float32)
    conditions, _ = random_conditions(run, _ROWS)
    images = run.make(
        z, conditions if conditions is None else conditions.repeat(_STEPS, 0)
    )
    return image_matrix(images.reshape(_ROWS, _STEPS, *images.shape[1:]))


def _arithmetic(run, z, seed, groups, shapes):
    """Radford et al. 2015, figure 7."""
    if groups:
        vectors, titles = [z[group] for group in groups], None
    elif shapes is None:
        return
    else:
        candidates, thick, right = shapes
        signs = ((1, 1), (-1, 1), (-1, -1))
        vectors = [
            candidates[np.minimum(a * thick, b * right).argsort()[-3:]]
            for a, b in signs
        ]
        titles = ["thick, right", "thin, right", "thin, left", "thick, left?"]
    means = np.stack([group.mean(axis=0) for group in vectors])
    result = means[0] - means[1] + means[2]
    noise = np.random.default_rng(seed).uniform(-0.25, 0.25, [9, len(result)])
    noise[4] = 0
    samples = np.stack([run.make(group) for group in vectors])
    around = run.make((result + noise).astype(np.float32))
    yield "arithmetic", vector_arithmetic(samples, run.make(means), around, titles)


def _turn(run, z, seed, groups, shapes):
    """Radford et al. 2015, figure 8."""
    if groups:
        start, end = (z[group] for group in groups)
    elif shapes is None:
        return
    else:
        candidates, _, right = shapes
        order = right.argsort()
        start, end = candidates[order[:20]], candidates[order[-20:]]
    turn = end.mean(axis=0) - start.mean(axis=0)
    shares = np.linspace(-1, 1, _STEPS)
    samples = run.draw(_ROWS, seed + 3)
    turned = samples[:, None] + shares[None, :, None] * turn
    images = run.make(turned.reshape(-1, len(turn)).astype(np.float32))
    yield (
        "turn",
        image_matrix(
            images.reshape(_ROWS, _STEPS, *images.shape[1:]),
            column_titles=[f"{share:+.2f}" for share in shares],
        ),
    )


def _by_shape(run, seed):
    """Returns z's with the thickness and slant of what is made of them, or None.

    Both are in standard deviations. None for colours: these would not be drawings.
    """
    if run.preprocessing.image_shape[-1] != 1:
        return None
    z = run.draw(_CANDIDATES, seed + 4)
    measured = shape_attributes_of(run.make(z))
    standardized = (measured - measured.mean(axis=0)) / (measured.std(axis=0) + 1e-6)
    return z, standardized[:, 0], standardized[:, 1]


def _classes(run, seed):
    """Mirza and Osindero 2014, figure 2, turned: a class in each column."""
    names = list(run.conditions.names)
    z = run.draw(_ROWS, seed + 3).repeat(len(names), axis=0)
    labels = np.tile(np.arange(len(names)), _ROWS)
    images = run.make(z, run.conditions.encode(tf.constant(labels)).numpy())
    images = images.reshape(_ROWS, len(names), *images.shape[1:])
    return image_matrix(images, column_titles=names)


def _shifts(run, seed):
    """Gauthier 2014, figure 7: each attribute is shifted, all else stays."""
    z = run.draw(len(_SHIFTS) + 3, seed + 3)
    conditions = np.asarray(random_conditions(run, len(z))[0])
    rows, titles = [run.make(z, conditions)], ["as drawn"]
    for place, name in enumerate(run.conditions.names):
        for shift in (-2.0, 2.0):
            moved = conditions.copy()
            moved[:, place] += shift
            rows.append(run.make(z, moved))
            titles.append(f"{name} {shift:+.0f}")
    gaps = range(0, len(rows), 2)
    yield "condition_shifts", image_matrix(np.stack(rows), titles, gap_after_row=gaps)
    # The whole axis, of a few.
    for place, name in enumerate(run.conditions.names):
        few, given = z[:_ROWS], conditions[:_ROWS].copy()
        columns = []
        for shift in _SHIFTS:
            moved = given.copy()
            moved[:, place] += shift
            columns.append(run.make(few, moved))
        yield (
            f"condition_{re.sub(r'[^0-9A-Za-z.-]', '_', name)}",
            image_matrix(
                np.stack(columns, axis=1),
                column_titles=[f"{shift:+.0f}" for shift in _SHIFTS],
                title=f"{name}, in standard deviations",
            ),
        )
