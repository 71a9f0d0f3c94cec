"""What a training of a generator leaves."""

import json

import numpy as np
from absl import flags

from apps.gan import points
from apps.run import metrics
from kerasapps.evaluation.gan.modes import mode_coverage
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.figures.animation import save_animation
from kerasapps.figures.densities import densities
from kerasapps.figures.image_matrix import image_matrix
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.figures.mode_collapse import mode_collapse
from kerasapps.figures.pixels import pixels
from kerasapps.figures.tiling import tile
from kerasapps.serving.generator import export_generator
from kerasapps.training.gan import snapshots

FLAGS = flags.FLAGS

# Epochs and examples in the figure of the samples over training.
_EPOCHS, _EXAMPLES = 8, 12
# Epochs in the figures of points.
_PANELS = 6
# Points that are made for the measures.
_POINTS = 10_000


def columns(examples) -> int:
    """Returns how many samples stand in a row: with classes, one of each."""
    conditions = examples.conditions
    if conditions and conditions.are_classes and len(conditions.names) <= 16:
        return min(len(conditions.names), FLAGS.samples)
    return round(FLAGS.samples**0.5)


def frame(examples):
    """Returns what draws a snapshot, for TensorBoard and the animation.

    It takes an epoch and its arrays, and returns uint8 `[height, width, channels]`.
    """
    mixture = examples.mixture
    if mixture is None:
        in_row = columns(examples)
        return lambda _, arrays: tile(
            _enlarged(arrays["samples"], FLAGS.image_size), in_row
        )
    if mixture.means.shape[1] == 1:
        return lambda *frame: pixels(_densities(mixture, [frame]))
    return lambda *frame: pixels(_collapse(examples, [frame]))


def report(run, constructor, examples, generator, discriminator, history) -> None:
    """Draws, measures, exports and says where everything is."""
    if not run.is_chief:
        return
    run.save_figure("learning_curves", learning_curves(history))
    directory = run.directory / "samples"
    if examples.mixture is None:
        measures = {}
        _draw_images(run, examples, directory)
    else:
        measures = _draw_points(run, examples, generator, directory)
    animate(run, frame(examples))
    preprocessing, conditions = examples.preprocessing, examples.conditions
    exported = run.export_dir and export_generator(
        generator, preprocessing, run.export_dir, conditions, FLAGS.export_dtype
    )
    metrics.write(
        run.directory,
        {
            **common_metrics(constructor, [generator], [discriminator]),
            **measures,
            "steps": FLAGS.epochs * examples.training.steps_per_epoch,
            "conditions": conditions and conditions._asdict(),
            "preprocessing": preprocessing and preprocessing.to_config(),
            "history": history,
            "export": exported or None,
        },
    )
    if measures:
        run.say("\n" + json.dumps(measures, indent=2))
    say_where(run, exported)


def common_metrics(constructor, generators, discriminators) -> dict:
    """Returns what is noted of every training."""
    return {
        "model": constructor.__name__.lower(),
        "parameters": sum(map(trainable_parameters, generators)),
        "discriminator_parameters": sum(map(trainable_parameters, discriminators)),
        "dataset": FLAGS.dataset,
        "train_split": FLAGS.train_split,
        "condition": FLAGS.condition,
        "epochs": FLAGS.epochs,
    }


def say_where(run, exported) -> None:
    """Tells where everything is, and what to try next."""
    run.say(
        f"""
Figures       {run.directory}/figures/
Samples       {run.directory}/samples/, what the same inputs gave after each epoch
Metrics       {run.directory}/metrics.json
TensorBoard   tensorboard --logdir={run.directory}/tensorboard"""
    )
    if exported:
        run.say(f"SavedModel    {exported}")
    run.say("\nTry next:")
    run.say(f"  python -m apps.evaluate_gan --model={run.directory}")
    run.say("  python -m apps.zoo")


def _draw_images(run, examples, directory):
    frames = snapshots.read(directory, _EPOCHS)
    last = frames[-1][1]["samples"]
    names = None
    in_row = columns(examples)
    if examples.conditions and examples.conditions.are_classes:
        names = list(examples.conditions.names)
        names = names[:in_row] if len(names) <= 16 else None
    whole = last[: len(last) // in_row * in_row]
    run.save_figure(
        "samples",
        image_matrix(whole.reshape(-1, in_row, *last.shape[1:]), column_titles=names),
    )
    side = last.shape[1]
    shown = [_enlarged(arrays["samples"][:_EXAMPLES], side) for _, arrays in frames]
    titles = [f"epoch {epoch}" for epoch, _ in frames]
    run.save_figure("samples_over_training", image_matrix(np.stack(shown), titles))


def animate(run, draw) -> None:
    """Writes figures/samples.gif, if --gif asks for it.

    Args:
        run: The run.
        draw: From an epoch and its snapshot to uint8 `[height, width, channels]`.
    """
    if FLAGS.gif:
        every = snapshots.read(run.directory / "samples", limit=10**6)
        frames = [draw(epoch, arrays) for epoch, arrays in every]
        save_animation(frames, run.directory / "figures" / "samples.gif")


def _enlarged(images, side):
    """Returns images of a smaller stage as large as the last ones, in hard pixels."""
    factor = side // images.shape[1]
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def _draw_points(run, examples, generator, directory):
    mixture = examples.mixture
    frames = snapshots.read(directory, _PANELS)
    measures = points.measure(generator, mixture, _POINTS, seed=1)
    if mixture.means.shape[1] == 1:
        run.save_figure("densities", _densities(mixture, frames))
    else:
        run.save_figure("mode_collapse", _collapse(examples, frames))
    return measures


def _collapse(examples, frames):
    mixture, steps = examples.mixture, examples.training.steps_per_epoch
    target = mixture.draw([0, 1], _POINTS)
    covered = [
        mode_coverage(arrays["samples"], mixture.means, mixture.deviation).modes
        for _, arrays in frames
    ]
    made = [(epoch * steps, arrays["samples"]) for epoch, arrays in frames]
    return mode_collapse(target.numpy(), made, covered, len(mixture.means))


def _densities(mixture, frames):
    places = frames[0][1]["places"]
    return densities(
        places,
        mixture.density(places[:, None]),
        [
            (
                f"epoch {epoch}",
                arrays["samples"][:, 0],
                arrays["judgement"],
                arrays["z"],
                arrays["made_of_z"],
            )
            for epoch, arrays in frames
        ],
    )
