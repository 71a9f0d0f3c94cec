"""How good generated points are."""

from absl import flags

from kerasapps.data.points.mixtures import MIXTURES
from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.evaluation.gan.modes import mode_coverage
from kerasapps.figures.mode_collapse import mode_collapse

FLAGS = flags.FLAGS


def measure(generator, mixture, number: int, seed: int) -> dict:
    """Returns measures of generated points, by their names.

    Args:
        generator: The generator.
        mixture: The mixture that they should be of.
        number: How many points.
        seed: Their seed.
    """
    made = generate(generator, draw(generator, number, seed), batch_size=number)
    coverage = mode_coverage(made, mixture.means, mixture.deviation)
    found = {
        "modes": len(mixture.means),
        "modes_covered": coverage.modes,
        "good_samples": coverage.good,
        "samples_of_each_mode": coverage.counts.tolist(),
    }
    if mixture.means.shape == (1, 1):
        mean, deviation = float(made.mean()), float(made.std())
        found |= {
            "mean": mean,
            "deviation": deviation,
            "mean_error": abs(mean - float(mixture.means[0, 0])),
            "deviation_error": abs(deviation - mixture.deviation),
        }
    return found


def evaluate(run, measures: dict):
    """Yields figures by their names; writes into the measures."""
    mixture = MIXTURES[run.metrics["dataset"]]
    measures |= measure(run.network, mixture, FLAGS.samples, FLAGS.seed + 1)
    if mixture.means.shape[1] == 2:
        made = generate(run.network, run.draw(FLAGS.samples, FLAGS.seed + 1))
        target = mixture.draw([0, 1], FLAGS.samples).numpy()
        yield "points", mode_collapse(target, [(run.metrics["steps"], made)])
