"""Images of two domains, and what generators between these make of them."""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from apps.gan.examples import Source, in_bounds, samples_over_training
from apps.gan.trained import Trained, directions
from kerasapps.data.images import domains
from kerasapps.data.images.domains import Domains
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.errors import InputError
from kerasapps.figures.image_matrix import image_matrix
from kerasapps.figures.tiling import tile
from kerasapps.serving.domain_mapping import export_image_mapping
from kerasapps.training.gan import snapshots

# Images in the figures and after each epoch; of the latter in a row of the animation.
_SHOWN, _COLUMNS = 12, 4
# Epochs in the figure of samples over training.
_EPOCHS = 8
# Mappings in the figure of repeated ones.
_REPEATED = 6
# Held-out images that are measured, and of these at a time.
_MEASURED, _BATCH = 2_000, 100


class ImageDomains:
    """Images of two domains, and what is made of them; see `training.Examples`.

    Args:
        constructor: The class of the generator from A to B.
        source: Where the images of A come from.
        target: What the domains are, as `domains.load` takes it.
        size: Height and width of the images.

    Raises:
        InputError: If the data can't be had.
    """

    def __init__(
        self,
        constructor: type[keras.Model],
        source: Source,
        target: str | None,
        size: int,
    ):
        if not target:
            raise InputError(
                f"{constructor.__name__} needs a second domain: give --target=edges, "
                "halves, classes:A:B, or another data set"
            )
        pair = domains.load(source.dataset, target, source.data_dir, source.train_split)
        channels = [1 if data.channels == 1 else 3 for data in pair]
        preprocessing = {
            name: in_bounds(constructor, (size, size, count))
            for name, count in zip("ab", channels, strict=True)
        }

        def training(name, data):
            return ShuffledExamples(
                data.train.examples,
                data.train.size,
                source.batch_size,
                lambda image, seed: image,
                source.seed,
                prepare=lambda e: preprocessing[name](data.decode(e)["image"]),
            )

        self.training = domains.UnpairedData(
            training("a", pair.a), training("b", pair.b)
        )
        self.batch_size = source.batch_size
        self.facts = {
            "images of a": pair.a.train.size,
            "images of b": pair.b.train.size,
        }
        self.arguments = {
            "image_size": size,
            "channels": channels[0],
            "target_channels": channels[1],
        }
        self.about = {
            "target": target,
            "preprocessing": {n: p.to_config() for n, p in preprocessing.items()},
        }
        self._pair = pair
        self._preprocessing = preprocessing
        self._target = target
        with self.naming_undecodable():
            self._held_out = held_out(pair, preprocessing, _SHOWN)

    @contextlib.contextmanager
    def naming_undecodable(self) -> Iterator[None]:
        """Within it, an image that can't be decoded is an error that names it."""
        with self._pair.a.naming_undecodable(), self._pair.b.naming_undecodable():
            yield

    def snapshot(self, trainer: keras.Model) -> dict[str, np.ndarray]:
        """Returns what is made of the same images of A, uint8."""
        made = trainer.a_to_b(tf.constant(self._held_out["a"]), training=False)
        return {"samples": self._preprocessing["b"].restore(made).numpy()}

    def frame(self, epoch: int, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Draws a snapshot, uint8 `[height, width, channels]`."""
        return tile(arrays["samples"], _COLUMNS)

    def figures(
        self, networks: dict[str, keras.Model], samples: Path
    ) -> Iterator[tuple[str, Figure]]:
        """Yields figures of the networks and of the snapshots by their names."""
        yield from draw(networks, self._held_out, self._preprocessing)
        frames = snapshots.read(samples, _EPOCHS)
        yield "samples_over_training", samples_over_training(frames)

    def measure(self, networks: dict[str, keras.Model]) -> dict:
        """Returns measures of held-out images, by their names."""
        return measure(networks, self._pair, self._preprocessing, self._target)

    def export(
        self, networks: dict[str, keras.Model], export_dir: str, dtype: str
    ) -> str:
        """Exports the generators; returns the version's folder."""
        return export_image_mapping(
            directions(networks), self._preprocessing, export_dir, dtype
        )


def held_out(
    pair: Domains, preprocessing: dict[str, Preprocessing], number: int
) -> dict[str, np.ndarray]:
    """Returns held-out images of both domains.

    Args:
        pair: The domains.
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


def draw(
    networks: dict[str, keras.Model],
    images: dict[str, np.ndarray],
    preprocessing: dict[str, Preprocessing],
) -> Iterator[tuple[str, Figure]]:
    """Draws images of each domain, what becomes of them, and what comes back.

    Args:
        networks: The networks by their names, "a_to_b" and maybe "b_to_a" among them.
        images: Images of "a" and "b", as the networks take them.
        preprocessing: What they went through.

    Yields:
        Figures with their names.
    """

    def along(path):
        return _matrix(_chain(networks, images, preprocessing, path))

    if "b_to_a" not in networks:
        yield "a_to_b", along("ab")
        return
    yield "a_to_b_to_a", along("aba")
    yield "b_to_a_to_b", along("bab")
    yield "repeated_conversion", along(("ab" * _REPEATED)[: _REPEATED + 1])


def measure(
    networks: dict[str, keras.Model],
    pair: Domains,
    preprocessing: dict[str, Preprocessing],
    target: str,
) -> dict[str, float]:
    """Measures the generators on held-out images, from 0 to 255.

    Args:
        networks: The networks by their names.
        pair: The domains.
        preprocessing: What images of "a" and of "b" go through.
        target: What the domains are; of "edges" it is known what B should be.

    Returns:
        Root mean squared differences by their names: of images and what comes back of
        them; with edges also of what is made of A and the edges of A.
    """
    images = held_out(pair, preprocessing, _MEASURED)

    def mapped(name, images):
        batches = (images[i : i + _BATCH] for i in range(0, len(images), _BATCH))
        return np.concatenate([networks[name](tf.constant(b)) for b in batches])

    def difference(one, other, domain):
        levels = preprocessing[domain].std * (one - other)
        return float(np.sqrt(np.square(levels).mean()))

    found = {}
    for start, other in ("ab", "ba"):
        there, back = f"{start}_to_{other}", f"{other}_to_{start}"
        if there not in networks:
            continue
        made = mapped(there, images[start])
        if target == "edges":
            found[f"{there}_error"] = difference(made, images[other], other)
        if back in networks:
            reconstructed = mapped(back, made)
            name = f"{start}_reconstruction_error"
            found[name] = difference(reconstructed, images[start], start)
    return found


def evaluate(run: Trained, measures: dict) -> Iterator[tuple[str, Figure]]:
    """Yields figures of a run between images by their names; writes the measures.

    Args:
        run: The run.
        measures: What is measured, by its name.
    """
    networks = run.networks()
    target = run.metrics["target"]
    pair = domains.load(
        run.metrics["dataset"], target, run.data_dir, run.metrics["train_split"]
    )
    with pair.a.naming_undecodable(), pair.b.naming_undecodable():
        measures |= measure(networks, pair, run.preprocessing, target)
        images = held_out(pair, run.preprocessing, _SHOWN)
    yield from draw(networks, images, run.preprocessing)


def _chain(networks, images, preprocessing, path):
    """Returns pairs of a title and images, one for each domain on the path."""
    current = tf.constant(images[path[0]])
    rows = [(path[0].upper(), preprocessing[path[0]].restore(current).numpy())]
    for before, after in itertools.pairwise(path):
        current = networks[f"{before}_to_{after}"](current)
        restored = preprocessing[after].restore(current).numpy()
        rows.append((f"→ {after.upper()}", restored))
    return rows


def _matrix(rows):
    titles, images = map(list, zip(*rows, strict=True))
    if len({i.shape[-1] for i in images}) > 1:
        images = [i.repeat(3, axis=-1) if i.shape[-1] == 1 else i for i in images]
    return image_matrix(np.stack(images), titles)
