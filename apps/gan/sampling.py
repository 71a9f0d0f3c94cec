"""Training what makes examples out of random numbers."""

import functools
import pathlib

import numpy as np
import tensorflow as tf
from absl import flags

from apps.gan import examples as data
from apps.gan import report
from apps.gan.fitting import fit
from apps.gan.start import start
from apps.run import common_flags as common
from apps.run.run import Run
from kerasapps.data.pipeline import replica_batch_size
from kerasapps.errors import InputError
from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.training.gan import growth, latents
from kerasapps.training.gan.gan_trainer import GANTrainer

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
    other = FLAGS["condition"].value != FLAGS["condition"].default
    condition = [pathlib.Path(FLAGS.condition).stem] if other else []
    run = Run("train_gan", constructor.__name__.lower(), condition)
    run.say(f"Run {run.directory}. Reading {FLAGS.dataset}.")
    _check_batch_size(run)
    examples = data.load(constructor)
    with examples.naming_undecodable():
        model = _model(run, constructor, examples)
        history = _fit(run, model, examples)
    kept = _kept(run, model.generator, model.discriminator)
    report.report(run, constructor, examples, *kept, history)


def grow(constructor) -> None:
    """Trains a generator of small images, then of larger and larger ones.

    The average that --ema asks for is that of the last size: each begins with the
    networks before it, as they are.

    Raises:
        InputError: If the flags don't go together, or the data can't be had.
    """
    sizes = _sizes()
    run = Run("train_gan", constructor.__name__.lower())
    run.say(f"Run {run.directory}. Reading {FLAGS.dataset}.")
    _check_batch_size(run)
    before, history = None, {}
    for number, size in enumerate(sizes):
        examples = data.load(constructor, size)
        with examples.naming_undecodable():
            last = size == sizes[-1]
            model = _model(run, constructor, examples, before, number > 0, ema=last)
            more = _fit(run, model, examples, f"{size}x{size}", number * FLAGS.epochs)
        for name, values in more.items():
            history.setdefault(name, []).extend(values)
        before = model
    # The layers that it faded from are no longer needed.
    with run.strategy.scope():
        networks = _networks(constructor, examples, before)
    report.report(run, constructor, examples, *_kept(run, *networks), history)


def _check_batch_size(run):
    # The error of the batches would tell the examples of all the discriminator's steps.
    replica_batch_size(FLAGS.batch_size, run.strategy.num_replicas_in_sync)


def _sizes():
    sizes = [FLAGS.first_size]
    while sizes[-1] < FLAGS.image_size:
        sizes.append(2 * sizes[-1])
    power = FLAGS.first_size & (FLAGS.first_size - 1) == 0
    if sizes[-1] != FLAGS.image_size or not power or sizes[-1] > _LARGEST:
        raise InputError(
            f"--image_size={FLAGS.image_size} and --first_size={FLAGS.first_size}: "
            f"give powers of two up to {_LARGEST}, the first not the larger, as in 32 "
            "and 8"
        )
    return sizes


def _model(run, constructor, examples, before=None, fading=None, ema=True):
    """Returns the compiled model; `fading` is whether the last layers fade in."""
    generate, transform_real = latents.generate, None
    with run.strategy.scope():
        generator, discriminator = _networks(constructor, examples, before, fading)
        if fading is not None:
            generate = latents.generate_mixed
        if fading:
            share = growth.fade_in(discriminator).share
            transform_real = functools.partial(growth.faded, share=share)
        model = GANTrainer(
            generator,
            discriminator,
            generate,
            FLAGS.loss,
            FLAGS.penalty,
            FLAGS.penalty_weight,
            FLAGS.discriminator_steps,
            FLAGS.seed,
            transform_real,
        )
        steps = examples.training.steps_per_epoch
        # The discriminator's schedule counts its own steps.
        run.compile(
            model,
            steps,
            ema,
            discriminator_optimizer=run.make_optimizer(
                steps * FLAGS.discriminator_steps, ema=False
            ),
        )
    return model


def _networks(constructor, examples, before=None, fading=None):
    """Returns both networks, with the weights of those of a model before, if any."""
    arguments = examples.arguments | ({} if fading is None else {"fading": fading})
    arguments = common.model_arguments(constructor, **arguments)
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
    return generator, discriminator


def _fit(run, model, examples, stage="", first_epoch=0):
    steps = examples.training.steps_per_epoch
    players = [model.generator, model.discriminator]
    callbacks = []
    if first_epoch:
        callbacks.append(growth.FadeInSchedule(players, FLAGS.epochs * steps, steps))
    return fit(
        run,
        model,
        ([model.generator], [model.discriminator]),
        examples.training,
        examples.facts,
        lambda: _snapshot(model, examples),
        report.frame(examples),
        stage,
        first_epoch,
        callbacks,
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


def _kept(run, generator, discriminator):
    run.say("Evaluating, drawing and exporting.")
    return run.keep(generator), run.keep(discriminator, "discriminator")
