"""StyleGAN's figures and measures."""

import itertools
from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from apps.gan.trained import Trained
from kerasapps.evaluation.gan.features import Classifier, Features
from kerasapps.evaluation.gan.generation import styles, synthesize
from kerasapps.evaluation.gan.linear_separability import linear_separability
from kerasapps.evaluation.gan.perceptual_path_length import (
    lerp,
    perceptual_path_length,
    slerp,
)
from kerasapps.evaluation.gan.truncation import mean_style, truncate
from kerasapps.figures.image_matrix import image_matrix
from kerasapps.figures.stochastic_variation import stochastic_variation
from kerasapps.figures.style_mixing import style_mixing

# Sources of the mixtures: B, and A of the coarse, middle and fine styles.
_SOURCES_B, _SOURCES_A = 6, (2, 2, 1)
# Images with varied noise, realizations that are drawn, and those of the deviation.
_VARIED, _DRAWN, _REALIZATIONS = 4, 5, 100
_TRUNCATIONS = (1.0, 0.7, 0.5, 0.0, -0.5, -1.0)
# Images at a time.
_BATCH = 200


def draw(run: Trained, seed: int) -> Iterator[tuple[str, Figure]]:
    """Yields figures by their names.

    Args:
        run: A run of a StyleGAN.
        seed: Seed of what is drawn.
    """
    yield "style_mixing", _mixing(run, seed)
    yield "stochastic_variation", _variation(run, seed)
    yield "noise", _noise(run, seed)
    yield "truncation", _truncation(run, seed)


def bands(layers: int) -> dict[str, range]:
    """Returns which layers have coarse, middle and fine styles, by name.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, figure 3: of the 18 layers up to 1024x1024 those up to
    8x8, up to 32x32, and the rest. Networks with fewer layers have as many coarse and
    middle ones in proportion, of whole resolutions; those of 4x4 are all coarse.
    """
    resolutions = layers // 2
    coarse = max(1, round(resolutions * 2 / 9))
    middle = max(coarse + 1, round(resolutions * 4 / 9))
    ends = (0, 2 * coarse, min(2 * middle, layers), layers)
    names = ("coarse", "middle", "fine")
    return {
        name: range(first, end)
        for name, (first, end) in zip(names, itertools.pairwise(ends), strict=True)
    }


def _images(run, w, seed=0, noisy_layers=None):
    images = synthesize(run.network, w.astype(np.float32), seed, noisy_layers)
    return run.preprocessing.restore(images).numpy()


def _styles(run, number, seed):
    return styles(run.network, run.draw(number, seed))


def _mixing(run, seed):
    b = _styles(run, _SOURCES_B, seed + 5)
    a = _styles(run, sum(_SOURCES_A), seed + 6)
    rows, titles = [], []
    source = iter(a)
    found = bands(a.shape[1])
    for (name, layers), count in zip(found.items(), _SOURCES_A, strict=True):
        for _ in range(count):
            mixed = np.repeat(next(source)[None], len(b), axis=0)
            mixed[:, layers] = b[:, layers]
            rows.append(_images(run, mixed))
            titles.append(f"{name} styles\nfrom B")
    return style_mixing(_images(run, a), _images(run, b), np.stack(rows), titles)


def _variation(run, seed):
    # Each image has noise of its own, those of the same style too.
    made, deviations = [], []
    for w in _styles(run, _VARIED, seed + 7):
        images = _images(run, w[None].repeat(_REALIZATIONS, axis=0))
        made.append(images[: 1 + _DRAWN])
        deviations.append(images.mean(axis=-1).std(axis=0))
    made = np.stack(made)
    return stochastic_variation(made[:, 0], made[:, 1:], np.stack(deviations))


def _noise(run, seed):
    """Figure 5."""
    w = _styles(run, 8, seed + 7)
    layers = w.shape[1]
    # Half of the resolutions are coarse: up to 32x32 of 1024x1024.
    half = 2 * ((layers // 2) // 2)
    panels = {
        "all layers": range(layers),
        "no noise": (),
        "fine layers": range(half, layers),
        "coarse layers": range(half),
    }
    rows = [_images(run, w, 0, noisy) for noisy in panels.values()]
    return image_matrix(np.stack(rows), list(panels))


def _truncation(run, seed):
    """Figure 8."""
    w, mean = _styles(run, 6, seed + 8), mean_style(run.network)
    columns = [_images(run, truncate(w, mean, psi)) for psi in _TRUNCATIONS]
    titles = [f"ψ = {psi:g}" for psi in _TRUNCATIONS]
    return image_matrix(np.stack(columns, axis=1), column_titles=titles)


def measure(
    run: Trained,
    classifier: Classifier | None,
    features: Features | None,
    number: int,
    paths: int,
    seed: int,
) -> dict:
    """Returns path lengths and separabilities, by their names.

    Args:
        run: A run of a StyleGAN.
        classifier: A classifier, whose classes are the attributes, if there is one.
        features: Those in which distances are taken, if there are any.
        number: How many images are classified.
        paths: How many paths each length is the mean of.
        seed: Seed of images and paths.
    """
    found = {}
    if features and features.rounds:
        print(f"{features.name} takes whole grey levels: no path lengths.", flush=True)
    elif features:
        for space in ("z", "w"):
            for ends in (False, True):
                name = f"{features.name}_path_length_in_{space}"
                name += "_at_the_ends" if ends else ""
                found[name] = _path_length(run, features, space, ends, paths, seed)
    if classifier:
        z = run.draw(number, seed + 1)
        w = styles(run.network, z)
        # Each batch of images has a seed of its own, and so other noise.
        probabilities = np.concatenate(
            [
                classifier.predict(_images(run, w[first : first + _BATCH], first))
                for first in range(0, len(w), _BATCH)
            ]
        )
        found["separability_in_z"] = linear_separability(z, probabilities)
        found["separability_in_w"] = linear_separability(w[:, 0], probabilities)
    return found


def _path_length(run, features, space, ends, paths, seed):
    network = run.network

    def draw_latents(random, number):
        z = random.normal(size=[number, network.latent_size]).astype(np.float32)
        # In double precision: a step is a ten-thousandth.
        return z if space == "z" else styles(network, z)[:, 0].astype(np.float64)

    def seen(vectors):
        vectors = vectors.astype(np.float32)
        if space == "z":
            w = styles(network, vectors)
        else:
            layers = network.synthesis.input_shape[0][1]
            w = np.repeat(vectors[:, None], layers, axis=1)
        images = synthesize(network, w)
        # Not rounded to whole levels: neighbours differ by less.
        return features.extract(run.preprocessing.std * images + run.preprocessing.mean)

    def distance(one, other):
        return np.square(seen(one) - seen(other)).sum(axis=-1)

    return perceptual_path_length(
        draw_latents,
        slerp if space == "z" else lerp,
        distance,
        paths,
        ends=ends,
        seed=seed,
    )
