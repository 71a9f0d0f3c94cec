"""Training what maps examples of one domain to those of another."""

import keras

from apps.gan.networks import Networks
from apps.gan.trained import files
from apps.gan.training import Examples, fit
from apps.run.run import Run
from kerasapps.training.gan.discogan_trainer import DiscoGANTrainer


def train(
    run: Run,
    networks: Networks,
    kind: str,
    reconstruction_weight: float,
    examples: Examples,
) -> tuple[dict[str, keras.Model], dict[str, list[float]]]:
    """Trains generators between two domains against discriminators.

    Args:
        run: The run.
        networks: What they are built from.
        kind: As `DiscoGANTrainer` takes it.
        reconstruction_weight: Weight of the reconstruction losses.
        examples: What they learn from.

    Returns:
        The networks as they were kept, those that have learned, by their names:
        "a_to_b", "b_to_a", "a_discriminator" and "b_discriminator"; the history.

    Raises:
        InputError: If the networks can't be built, or an image can't be decoded.
    """
    with examples.naming_undecodable():
        with run.strategy.scope():
            trainer = DiscoGANTrainer(
                *networks.build_both_ways(examples.arguments),
                kind=kind,
                reconstruction_weight=reconstruction_weight,
            )
            steps = examples.training.steps_per_epoch
            run.compile(
                trainer,
                steps,
                discriminator_optimizer=run.make_optimizer(steps, ema=False),
            )
        history = fit(run, trainer, examples)
    run.say("Evaluating, drawing and exporting.")
    kept = {
        name: run.keep(getattr(trainer, name), file)
        for name, file in files(kind).items()
    }
    return kept, history
