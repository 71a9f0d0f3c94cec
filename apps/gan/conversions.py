"""What DiscoGAN's generators make of examples of the two domains."""

import itertools

import numpy as np
import tensorflow as tf
from absl import flags

from kerasapps.data.images import domains
from kerasapps.data.points.mixtures import TOY_DOMAINS
from kerasapps.errors import InputError
from kerasapps.evaluation.gan.modes import mode_matches
from kerasapps.figures.domain_mapping import line_mapping, plane_mapping
from kerasapps.figures.image_matrix import image_matrix

FLAGS = flags.FLAGS

# Images in the figures.
_SHOWN = 12
# Points that are mapped for measures and figures, and of the grids of these.
_POINTS, _GRID = 2_000, 200
# Conversions in the figure of repeated ones.
_REPEATED = 6
# Held-out images that are measured.
_MEASURED = 2_000


def held_out(pair, preprocessing, number: int) -> dict[str, np.ndarray]:
    """Returns held-out images of both domains.

    Args:
        pair: The `kerasapps.data.images.domains.Domains`.
        preprocessing: What images of "a" and of "b" go through.
        number: How many at most.

    Returns:
        For "a" and "b" float32 `[number, height, width, channels]`.
    """

    def some(data, name):
        images = data.validation.examples.take(number).map(
            lambda example: preprocessing[name](data.decode(example)["image"])
        )
        return np.stack(list(images.as_numpy_iterator()))

    return {"a": some(pair.a, "a"), "b": some(pair.b, "b")}


def snapshot(model, images: np.ndarray, preprocessing) -> dict[str, np.ndarray]:
    """Returns what is made of the same images of A, uint8."""
    made = model.a_to_b(tf.constant(images), training=False)
    return {"samples": preprocessing.restore(made).numpy()}


def draw_frames(frames):
    """Draws snapshots, a row for each epoch."""
    images = np.stack([arrays["samples"] for _, arrays in frames])
    return image_matrix(images, [f"epoch {epoch}" for epoch, _ in frames])


def draw(networks, shown, preprocessing) -> dict:
    """Draws images of each domain, what becomes of them, and what comes back.

    Args:
        networks: The generators by their names, "a_to_b" and maybe "b_to_a".
        shown: Images of "a" and "b", as the networks take them.
        preprocessing: What they went through.

    Returns:
        Figures by their names.
    """
    if "b_to_a" not in networks:
        rows = _chain(networks, shown, preprocessing, "ab")
        return {"a_to_b": _matrix(rows)}
    figures = {}
    for start, other in ("ab", "ba"):
        rows = _chain(networks, shown, preprocessing, start + other + start)
        figures[f"{start}_to_{other}_to_{start}"] = _matrix(rows)
    path = ("ab" * _REPEATED)[: _REPEATED + 1]
    figures["repeated_conversion"] = _matrix(
        _chain(networks, shown, preprocessing, path)
    )
    return figures


def _chain(networks, shown, preprocessing, path):
    """Returns pairs of a title and images, one for each domain on the path."""
    images = tf.constant(shown[path[0]])
    rows = [(path[0].upper(), preprocessing[path[0]].restore(images).numpy())]
    for before, after in itertools.pairwise(path):
        images = networks[f"{before}_to_{after}"](images)
        rows.append(
            (f"→ {after.upper()}", preprocessing[after].restore(images).numpy())
        )
    return rows


def _matrix(rows):
    titles, images = zip(*rows, strict=True)
    if len({i.shape[-1] for i in images}) > 1:
        images = [i.repeat(3, axis=-1) if i.shape[-1] == 1 else i for i in images]
    return image_matrix(np.stack(images), list(titles))


def measure(networks, pair, preprocessing, target: str) -> dict[str, float]:
    """Measures the generators on held-out images, from 0 to 255.

    Args:
        networks: The generators by their names.
        pair: The `kerasapps.data.images.domains.Domains`.
        preprocessing: What images of "a" and of "b" go through.
        target: What --target says; with edges it is known what B should be.

    Returns:
        Root mean squared differences by their names: of images and what comes back of
        them; with edges also of what is made of A and the edges of A.
    """
    images = held_out(pair, preprocessing, _MEASURED)

    def convert(name, images):
        batches = (images[i : i + 100] for i in range(0, len(images), 100))
        return np.concatenate([networks[name](tf.constant(b)) for b in batches])

    def difference(one, other, domain):
        levels = preprocessing[domain].std * (one - other)
        return float(np.sqrt(np.square(levels).mean()))

    found = {}
    for start, other in ("ab", "ba"):
        there, back = f"{start}_to_{other}", f"{other}_to_{start}"
        if there not in networks:
            continue
        made = convert(there, images[start])
        if target == "edges":
            found[f"{there}_error"] = difference(made, images[other], other)
        if back in networks:
            again = convert(back, made)
            name = f"{start}_reconstruction_error"
            found[name] = difference(again, images[start], start)
    return found


def map_points(a_to_b, b_discriminator, dataset: str) -> dict[str, np.ndarray]:
    """Returns where points of A are mapped to, and what else the figure needs.

    Args:
        a_to_b: The generator.
        b_discriminator: The discriminator of B.
        dataset: The pair of toy domains.

    Returns:
        "mapped", float32 `[points, dimensions]`; and in one dimension "line", of evenly
        spaced points of A, in two "judged", what the discriminator holds of a grid.
    """
    a, b = TOY_DOMAINS[dataset]
    points, _ = _points(a)
    arrays = {"mapped": a_to_b(points).numpy()}
    if a.means.shape[1] == 1:
        arrays["line"] = a_to_b(_grid(a)[:, None]).numpy()[:, 0]
    else:
        side = np.linspace(-_reach(b), _reach(b), _GRID, dtype=np.float32)
        places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        judged = tf.sigmoid(b_discriminator(places)).numpy()
        arrays["judged"] = judged.reshape(_GRID, _GRID)
    return arrays


def measure_points(mapped: np.ndarray, dataset: str) -> dict:
    """Returns measures of which mode of B each mode of A is mapped to, by their names.

    Args:
        mapped: As `map_points` returns it.
        dataset: The pair of toy domains.
    """
    a, b = TOY_DOMAINS[dataset]
    found = mode_matches(mapped, _points(a)[1], b.means, b.deviation)
    return {
        "modes_hit": found.hit,
        "purity": found.purity,
        "good_samples": found.good,
        "one_to_one": found.one_to_one,
        "matched_modes": found.modes.tolist(),
    }


def draw_points(panels: dict, dataset: str):
    """Draws where the points of A are mapped to.

    Args:
        panels: What `map_points` returns for each panel, by the panel's name.
        dataset: The pair of toy domains.
    """
    a, b = TOY_DOMAINS[dataset]
    points, modes = _points(a)
    hits = [measure_points(p["mapped"], dataset)["modes_hit"] for p in panels.values()]
    named = zip(panels.items(), hits, strict=True)
    if a.means.shape[1] == 1:
        drawn = [(n, p["mapped"][:, 0], p["line"], hit) for (n, p), hit in named]
        points = points.numpy()[:, 0]
        return line_mapping(points, modes, b.means[:, 0], b.deviation, _grid(a), drawn)
    drawn = [(n, p["mapped"], p["judged"], hit) for (n, p), hit in named]
    return plane_mapping(modes, b.means, 2 * (-_reach(b), _reach(b)), drawn)


def _points(mixture):
    """Returns points of a mixture, and the mode that each is of."""
    points = mixture.draw([1, 1], _POINTS)
    distances = np.linalg.norm(points.numpy()[:, None] - mixture.means, axis=-1)
    return points, distances.argmin(axis=1)


def _grid(mixture):
    """Returns evenly spaced points of one dimension."""
    ends = np.abs(mixture.means).max() + 4 * mixture.deviation
    return np.linspace(-ends, ends, _GRID, dtype=np.float32)


def _reach(mixture):
    """Returns how far its points lie from zero in each dimension, at most."""
    return np.abs(mixture.means).max() + 6 * mixture.deviation


def evaluate(run, measures: dict):
    """Yields figures of a run between images by their names; writes the measures."""
    networks = run.networks()
    pair = domains.load(
        run.metrics["dataset"],
        run.metrics["target"],
        FLAGS.data_dir,
        run.metrics["train_split"],
    )
    with pair.a.naming_undecodable(), pair.b.naming_undecodable():
        measures |= measure(networks, pair, run.preprocessing, run.metrics["target"])
        shown = held_out(pair, run.preprocessing, _SHOWN)
    yield from draw(networks, shown, run.preprocessing).items()


def compare(runs, measures: dict):
    """Yields the figure of runs on one toy domain; writes the measures of each.

    Raises:
        InputError: If they are of different domains.
    """
    names = {run.metrics["dataset"] for run in runs}
    if len(names) > 1:
        raise InputError(
            f"the models map different domains: {', '.join(sorted(names))}"
        )
    (dataset,) = names
    panels = {}
    for run in runs:
        kind, networks = run.metrics["discovery"], run.networks()
        panel = map_points(networks["a_to_b"], networks["b_discriminator"], dataset)
        # Of several runs of one kind the figure shows the first.
        panels.setdefault(kind, panel)
        found = measure_points(panel["mapped"], dataset)
        measures[str(run.directory)] = {"discovery": kind, **found}
    yield "mapping", draw_points(panels, dataset)
