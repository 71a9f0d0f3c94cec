"""Points of two toy domains, and where generators between these map them to."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from apps.gan.examples import Source
from apps.gan.points import EPOCH_POINTS
from apps.gan.trained import Trained, directions
from kerasapps.data.images.domains import UnpairedData
from kerasapps.data.points.mixtures import TOY_DOMAINS, Mixture, PointData
from kerasapps.errors import InputError
from kerasapps.evaluation.gan.modes import mode_matches
from kerasapps.figures.domain_mapping import line_mapping, plane_mapping
from kerasapps.figures.pixels import pixels
from kerasapps.serving.domain_mapping import export_point_mapping

# Points that are mapped for measures and figures, and of the grids of these.
_POINTS, _GRID = 2_000, 200


class PointDomains:
    """Points of two toy domains, and their mapping; see `training.Examples`.

    Args:
        source: The pair of toy domains.
        kind: What is trained, as `DiscoGANTrainer` takes it: the title of the figure.
    """

    def __init__(self, source: Source, kind: str):
        self._domains = TOY_DOMAINS[source.dataset]
        self._kind = kind
        self.training = UnpairedData(
            *(
                PointData(mixture, EPOCH_POINTS, source.batch_size, source.seed)
                for mixture in self._domains
            )
        )
        self.batch_size = source.batch_size
        self.facts = {"points": EPOCH_POINTS}
        self.arguments = {"dimensions": self._domains[0].means.shape[1]}
        self.about = {}

    def naming_undecodable(self) -> contextlib.AbstractContextManager:
        """Nothing is decoded."""
        return contextlib.nullcontext()

    def snapshot(self, trainer: keras.Model) -> dict[str, np.ndarray]:
        """Returns where points of A are mapped to."""
        return map_points(trainer.a_to_b, trainer.b_discriminator, self._domains)

    def frame(self, epoch: int, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Draws a snapshot, uint8 `[height, width, channels]`."""
        return pixels(draw({f"epoch {epoch}": arrays}, self._domains))

    def figures(
        self, networks: dict[str, keras.Model], samples: Path
    ) -> Iterator[tuple[str, Figure]]:
        """Yields the figure of the mapping by its name."""
        panels = {self._kind: self._mapped(networks)}
        yield "mapping", draw(panels, self._domains)

    def measure(self, networks: dict[str, keras.Model]) -> dict:
        """Returns measures of the mapping by their names."""
        return measure(self._mapped(networks)["mapped"], self._domains)

    def export(
        self, networks: dict[str, keras.Model], export_dir: str, dtype: str
    ) -> str:
        """Exports the generators; returns the version's folder."""
        return export_point_mapping(directions(networks), export_dir, dtype)

    def _mapped(self, networks):
        return map_points(
            networks["a_to_b"], networks["b_discriminator"], self._domains
        )


def map_points(
    a_to_b: keras.Model,
    b_discriminator: keras.Model,
    domains: tuple[Mixture, Mixture],
) -> dict[str, np.ndarray]:
    """Returns where points of A are mapped to, and what else the figure needs.

    Args:
        a_to_b: The generator.
        b_discriminator: The discriminator of B.
        domains: A and B.

    Returns:
        "mapped", float32 `[points, dimensions]`; and in one dimension "line", of evenly
        spaced points of A, in two "discriminator", its output on a grid.
    """
    a, b = domains
    points, _ = _points(a)
    arrays = {"mapped": a_to_b(points).numpy()}
    if a.means.shape[1] == 1:
        arrays["line"] = a_to_b(_grid(a)[:, None]).numpy()[:, 0]
    else:
        side = np.linspace(-_reach(b), _reach(b), _GRID, dtype=np.float32)
        places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        output = tf.sigmoid(b_discriminator(places)).numpy()
        arrays["discriminator"] = output.reshape(_GRID, _GRID)
    return arrays


def measure(mapped: np.ndarray, domains: tuple[Mixture, Mixture]) -> dict:
    """Returns measures of which mode of B each mode of A is mapped to, by their names.

    Args:
        mapped: As `map_points` returns it.
        domains: A and B.
    """
    a, b = domains
    found = mode_matches(mapped, _points(a)[1], b.means, b.deviation)
    return {
        "modes_hit": found.hit,
        "purity": found.purity,
        "good_samples": found.good,
        "one_to_one": found.one_to_one,
        "matched_modes": found.modes.tolist(),
    }


def draw(
    panels: dict[str, dict[str, np.ndarray]], domains: tuple[Mixture, Mixture]
) -> Figure:
    """Draws where the points of A are mapped to.

    Args:
        panels: What `map_points` returns for each panel, by the panel's name.
        domains: A and B.
    """
    a, b = domains
    points, modes = _points(a)
    hits = [measure(p["mapped"], domains)["modes_hit"] for p in panels.values()]
    named = zip(panels.items(), hits, strict=True)
    if a.means.shape[1] == 1:
        drawn = [(n, p["mapped"][:, 0], p["line"], hit) for (n, p), hit in named]
        points = points.numpy()[:, 0]
        return line_mapping(points, modes, b.means[:, 0], b.deviation, _grid(a), drawn)
    drawn = [(n, p["mapped"], p["discriminator"], hit) for (n, p), hit in named]
    return plane_mapping(modes, b.means, 2 * (-_reach(b), _reach(b)), drawn)


def compare(runs: Sequence[Trained], measures: dict) -> Iterator[tuple[str, Figure]]:
    """Yields the figure of runs on one toy domain; writes the measures of each.

    Args:
        runs: The runs.
        measures: What is measured, by the run's directory.

    Raises:
        InputError: If they are of different domains.
    """
    names = {run.metrics["dataset"] for run in runs}
    if len(names) > 1:
        raise InputError(
            f"the models map different domains: {', '.join(sorted(names))}"
        )
    domains = TOY_DOMAINS[names.pop()]
    panels = {}
    for run in runs:
        kind, networks = run.metrics["discovery"], run.networks()
        panel = map_points(networks["a_to_b"], networks["b_discriminator"], domains)
        # Of several runs of one kind the figure shows the first.
        panels.setdefault(kind, panel)
        found = measure(panel["mapped"], domains)
        measures[str(run.directory)] = {"discovery": kind, **found}
    yield "mapping", draw(panels, domains)


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
