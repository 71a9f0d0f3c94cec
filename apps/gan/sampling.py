"""Training what makes examples out of random numbers."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import keras

from apps.gan.networks import Networks
from apps.gan.training import Examples, fit
from apps.run.run import Run
from kerasapps.errors import InputError
from kerasapps.training.gan import growth, latents
from kerasapps.training.gan.gan_trainer import GANTrainer

# Height and width of the largest images that grow.
_LARGEST = 1024


class Objective(NamedTuple):
    """What generator and discriminator learn by, as `GANTrainer` takes it.

    Attributes:
        loss: What the generator minimizes.
        penalty: What the discriminator pays for steep slopes.
        penalty_weight: Weight of the penalty.
        discriminator_steps: Steps of the discriminator for one of the generator.
        seed: Seed of the noise.
    """

    loss: str
    penalty: str
    penalty_weight: float
    discriminator_steps: int
    seed: int


def train(
    run: Run, networks: Networks, objective: Objective, examples: Examples
) -> tuple[dict[str, keras.Model], dict[str, list[float]]]:
    """Trains a generator against a discriminator.

    Args:
        run: The run.
        networks: What the two are built from.
        objective: What they learn by.
        examples: What they learn from.

    Returns:
        The networks as they were kept, "generator" and "discriminator"; the history.

    Raises:
        InputError: If the networks can't be built, or an image can't be decoded.
    """
    with examples.naming_undecodable():
        with run.strategy.scope():
            pair = networks.build(examples.arguments)
            trainer = _compiled(run, pair, objective, examples)
        history = fit(run, trainer, examples)
    return _kept(run, *pair), history


def grow(
    run: Run,
    networks: Networks,
    objective: Objective,
    load: Callable[[int], Examples],
    sizes: list[int],
    epochs: int,
    last_epochs: int | None = None,
) -> tuple[dict[str, keras.Model], dict[str, list[float]], Examples]:
    """Trains a generator of small images, then of larger and larger ones.

    The average that --ema asks for is that of the last size: each begins with the
    networks before it, as they are.

    Args:
        run: The run.
        networks: What generator and discriminator are built from.
        objective: What they learn by.
        load: Returns the examples of a height and width.
        sizes: The heights and widths.
        epochs: Epochs of each; the first half of them fades it in.
        last_epochs: Those of the last size; None for as many.

    Returns:
        The networks as they were kept, "generator" and "discriminator"; the history;
        and the last examples.

    Raises:
        InputError: If the networks can't be built, or an image can't be decoded.
    """
    before, history = None, {}
    for number, size in enumerate(sizes):
        examples = load(size)
        fades = number > 0
        with examples.naming_undecodable():
            with run.strategy.scope():
                pair = networks.build(examples.arguments | {"fading": fades})
                _take_over(pair, before)
                ema = size == sizes[-1]
                trainer = _compiled(run, pair, objective, examples, fades, ema)
            callbacks = []
            if fades:
                steps = examples.training.steps_per_epoch
                callbacks.append(growth.FadeInSchedule(pair, epochs * steps, steps))
            stage, first_epoch = f"{size}x{size}", number * epochs
            own_epochs = last_epochs if size == sizes[-1] else None
            more = fit(
                run, trainer, examples, stage, first_epoch, callbacks, own_epochs
            )
        for name, values in more.items():
            history.setdefault(name, []).extend(values)
        before = pair
    # The layers that it faded from are no longer needed.
    with run.strategy.scope():
        pair = networks.build(examples.arguments)
        _take_over(pair, before)
    return _kept(run, *pair), history, examples


def growing_sizes(first_size: int, image_size: int) -> list[int]:
    """Returns the heights and widths of images that grow.

    Args:
        first_size: The first.
        image_size: The last.

    Raises:
        InputError: If they aren't powers of two, the first not the larger.
    """
    sizes = [first_size]
    while sizes[-1] < image_size:
        sizes.append(2 * sizes[-1])
    power = first_size & (first_size - 1) == 0
    if sizes[-1] != image_size or not power or sizes[-1] > _LARGEST:
        raise InputError(
            f"--image_size={image_size} and --first_size={first_size}: give powers of "
            f"two up to {_LARGEST}, the first not the larger, as in 32 and 8"
        )
    return sizes


def _compiled(run, pair, objective, examples, fades=False, ema=True):
    """Returns the compiled trainer; `fades` is whether the last layers fade in."""
    generator, discriminator = pair
    transform_real = None
    if fades:
        share = growth.fade_in(discriminator).share
        transform_real = functools.partial(growth.faded, share=share)
    trainer = GANTrainer(
        generator,
        discriminator,
        latents.generate_mixed if generator.has_styles else latents.generate,
        objective.loss,
        objective.penalty,
        objective.penalty_weight,
        objective.discriminator_steps,
        objective.seed,
        transform_real,
    )
    steps = examples.training.steps_per_epoch
    # The discriminator's schedule counts its own steps.
    run.compile(
        trainer,
        steps,
        ema,
        discriminator_optimizer=run.make_optimizer(
            steps * objective.discriminator_steps, ema=False
        ),
    )
    return trainer


def _take_over(pair, before):
    """Gives networks the weights of those of the size before, if there are any."""
    for network, other in zip(pair, before or (), strict=False):
        growth.take_over(network, other)


def _kept(run, generator, discriminator):
    run.say("Evaluating, drawing and exporting.")
    return {
        "generator": run.keep(generator),
        "discriminator": run.keep(discriminator, "discriminator"),
    }
