"""Training two players, with pictures of what they make after each epoch."""

from collections.abc import Callable

from absl import flags

from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.training.gan.snapshots import Snapshots

FLAGS = flags.FLAGS


def fit(
    run,
    model,
    networks: tuple[list, list],
    data,
    facts: dict,
    snapshot: Callable,
    frame: Callable,
    stage: str = "",
    first_epoch: int = 0,
    callbacks=(),
) -> dict[str, list[float]]:
    """Says what is trained, and trains it.

    Args:
        run: The run.
        model: The compiled model.
        networks: Its generators and its discriminators.
        data: Training data, as in `kerasapps.data.pipeline`.
        facts: What the data is like, fit for JSON.
        snapshot: Makes the arrays that are kept after each epoch.
        frame: Draws them for TensorBoard: from an epoch and the arrays to uint8
            `[height, width, channels]`.
        stage: Name of the stage, if there are several.
        first_epoch: Epochs of earlier stages.
        callbacks: Further callbacks.

    Returns:
        The history.
    """
    sizes = [
        " and ".join(f"{trainable_parameters(network):,}" for network in players)
        for players in networks
    ]
    run.say(
        f"Parameters: generator {sizes[0]}, discriminator {sizes[1]}."
        f"{f' Images of {stage}.' if stage else ''} An epoch has "
        f"{data.steps_per_epoch:,} step(s) of {FLAGS.batch_size} examples, on "
        f"{run.strategy.num_replicas_in_sync} device(s)."
    )
    callbacks = [*callbacks]
    if run.is_chief:
        folders = ("samples", "tensorboard/samples")
        samples, logs = (run.directory / folder for folder in folders)
        callbacks.append(Snapshots(samples, snapshot, frame, logs, first_epoch))
    return run.fit(model, data, facts, callbacks=callbacks, stage=stage)
