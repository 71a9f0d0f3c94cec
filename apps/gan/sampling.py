"""Training what makes examples out of random numbers."""

import numpy as np
import tensorflow as tf
from absl import flags

from apps import common
from apps.gan import examples as data
from apps.gan import report
from apps.gan.start import start
from apps.run import Run
from kerasapps.errors import InputError
from kerasapps.evaluation.generation import draw, generate
from kerasapps.training import growth, latents
from kerasapps.training.adversarial import Adversarial
from kerasapps.training.snapshots import Snapshots

FLAGS = flags.FLAGS

# Height and width of the largest images that grow.
_LARGEST = 1024
# Of points, so many are made for each snapshot, and D is drawn at so many places.
_POINTS = 2_000
_PLACES = 400


def train(constructor) -> None:
    """Trains a generator and leaves everything that a run leaves.

    Raises:
        InputError: If the flags don't go together, or the data can't be had.
    """
    run = Run("train_gan", constructor.__name__.lower())
    run.say(f"Run {run.directory}. Reading {FLAGS.dataset}.")
    examples = data.load(constructor)
    with examples.naming_undecodable():
        model = _model(run, constructor, examples)
        history = _fit(run, model, examples)
    report.report(run, constructor, examples, *_kept(run, model), history)


def grow(constructor) -> None:
    """Trains a generator of small images, then of larger and larger ones.

    With --ema each size begins with the average of the generator before it. The
    authors' code begins with the generator itself, and keeps the average apart.

    Raises:
        InputError: If the flags don't go together, or the data can't be had.
    """
    sizes = _sizes()
    run = Run("train_gan", constructor.__name__.lower())
    run.say(f"Run {run.directory}. Reading {FLAGS.dataset}.")
    before, history = None, {}
    for number, size in enumerate(sizes):
        examples = data.load(constructor, size)
        with examples.naming_undecodable():
            model = _model(run, constructor, examples, before, fading=number > 0)
            more = _fit(run, model, examples, f"{size}x{size}", number * FLAGS.epochs)
        for name, values in more.items():
            history.setdefault(name, []).extend(values)
        before = model
    # The layers that it faded from are no longer needed.
    model = _model(run, constructor, examples, before)
    report.report(run, constructor, examples, *_kept(run, model), history)


def _sizes():
    sizes = [FLAGS.first_size]
    while sizes[-1] < FLAGS.image_size:
        sizes.append(2 * sizes[-1])
    power = FLAGS.first_size & (FLAGS.first_size - 1) == 0
    if sizes[-1] != FLAGS.image_size or not power or sizes[-1] > _LARGEST:
        raise InputError(
            f"--image_size={FLAGS.image_size} and --first_size={FLAGS.first_size}: "
            f"give powers of two up to {_LARGEST}, as in 32 and 8"
        )
    return sizes


def _model(run, constructor, examples, before=None, fading=None):
    arguments = examples.arguments | ({} if fading is None else {"fading": fading})
    arguments = common.model_arguments(constructor, **arguments)
    with run.strategy.scope():
        generator = common.build_model(constructor, **arguments)
        discriminator = common.build_model(
            generator.discriminator,
            options_flag="discriminator_options",
            **common.options("discriminator_options", generator.discriminator),
        )
        start({"model": generator, "discriminator": discriminator})
        if before:
            growth.take_over(generator, before.generator)
            growth.take_over(discriminator, before.discriminator)
        shown = None
        if fading:
            share = growth.fade_in(discriminator).share
            shown = lambda images: growth.faded(images, share)  # noqa: E731
        model = Adversarial(
            generator,
            discriminator,
            latents.generate_mixed if fading is not None else latents.generate,
            FLAGS.loss,
            FLAGS.penalty,
            FLAGS.penalty_weight,
            FLAGS.discriminator_steps,
            FLAGS.seed,
            shown,
        )
        steps = examples.training.steps_per_epoch
        run.compile(
            model, steps, discriminator_optimizer=run.make_optimizer(steps, ema=False)
        )
    return model


def _fit(run, model, examples, stage="", first_epoch=0):
    steps = examples.training.steps_per_epoch
    run.say(
        f"{report.sizes_of(model.generators, model.discriminators)}"
        f"{f' Images of {stage}.' if stage else ''} An epoch has {steps:,} steps of "
        f"{FLAGS.batch_size} examples, on {run.strategy.num_replicas_in_sync} "
        "device(s)."
    )
    callbacks = []
    if run.is_chief:
        callbacks.append(
            Snapshots(
                run.directory / "samples",
                lambda: _snapshot(model, examples),
                run.directory / "tensorboard" / "samples",
                first_epoch,
                report.columns(examples),
            )
        )
    if first_epoch:
        callbacks.append(
            growth.FadeInSchedule(
                [model.generator, model.discriminator], FLAGS.epochs * steps, steps
            )
        )
    return run.fit(
        model, examples.training, examples.facts, callbacks=callbacks, stage=stage
    )


def _snapshot(model, examples):
    """Returns what the generator makes of the same z's."""
    generator = model.generator
    if examples.mixture is None:
        z = draw(generator, FLAGS.samples)
        made = generate(generator, z, examples.shown_conditions)
        return {"samples": examples.preprocessing.restore(made).numpy()}
    points = generate(generator, draw(generator, _POINTS), batch_size=_POINTS)
    arrays = {"samples": points}
    if points.shape[1] == 1:
        # In one dimension D is drawn too, and where G takes evenly spaced z's.
        means, deviation = examples.mixture
        places = np.linspace(
            means.min() - 5 * deviation, means.max() + 5 * deviation, _PLACES
        )
        places = places[:, None].astype(np.float32)
        logits = model.discriminator(tf.constant(places))
        z = _even(generator)
        arrays |= {
            "places": places[:, 0],
            "judgement": tf.sigmoid(logits)[:, 0].numpy(),
            "z": z[:, 0],
            "made_of_z": generate(generator, z)[:, 0],
        }
    return arrays


def _even(generator, number=21):
    """Returns evenly spaced values of the first number of z; the others are 0."""
    low, high = generator.latent_bounds or (-2.0, 2.0)
    z = np.zeros([number, generator.latent_size], np.float32)
    z[:, 0] = np.linspace(low, high, number)
    return z


def _kept(run, model):
    run.say("Evaluating, drawing and exporting.")
    generator = run.keep(model.generator)
    return generator, run.keep(model.discriminator, "discriminator")
