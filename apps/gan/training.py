"""What trainings of GANs have in common: the fit, and what each of them leaves."""

import contextlib
import json
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import keras
import numpy as np
from matplotlib.figure import Figure

from apps.run import metrics
from apps.run.command import invocation
from apps.run.run import Run
from kerasapps.data.pipeline import TrainingData
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.figures.animation import save_animation
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.training.gan import snapshots
from kerasapps.training.gan.snapshots import Snapshots


class Examples(Protocol):
    """What a training learns from, and how it is seen what was learned.

    Attributes:
        training: The batches.
        batch_size: Examples in one, of one step of the discriminator.
        facts: What the data is like, fit for JSON.
        arguments: Arguments of the generator that depend on them.
        about: What `metrics.json` tells of them.
    """

    training: TrainingData
    batch_size: int
    facts: dict
    arguments: dict
    about: dict

    def naming_undecodable(self) -> contextlib.AbstractContextManager:
        """Within it, an image that can't be decoded is an error that names it."""

    def snapshot(self, trainer: keras.Model) -> dict[str, np.ndarray]:
        """Returns what is made of the same inputs after each epoch."""

    def frame(self, epoch: int, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Draws a snapshot, uint8 `[height, width, channels]`."""

    def figures(
        self, networks: dict[str, keras.Model], samples: pathlib.Path
    ) -> Iterator[tuple[str, Figure]]:
        """Yields figures by their names, of trained networks and of the snapshots."""

    def measure(self, networks: dict[str, keras.Model]) -> dict:
        """Returns measures of trained networks by their names."""

    def export(
        self, networks: dict[str, keras.Model], export_dir: str, dtype: str
    ) -> str:
        """Exports the generators; returns the version's folder."""


def fit(
    run: Run,
    trainer: keras.Model,
    examples: Examples,
    stage: str = "",
    first_epoch: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    epochs: int | None = None,
) -> dict[str, list[float]]:
    """Says what is trained, and trains it, with a snapshot after each epoch.

    Args:
        run: The run.
        trainer: The compiled trainer.
        examples: What it learns from.
        stage: Name of the stage, if there are several.
        first_epoch: Epochs of earlier stages.
        callbacks: Further callbacks.
        epochs: Epochs of this stage; None for those of the run.

    Returns:
        The history.
    """
    generators, discriminators = (
        " and ".join(f"{trainable_parameters(network):,}" for network in networks)
        for networks in (trainer.generators, trainer.discriminators)
    )
    run.say(
        f"Parameters: generator {generators}, discriminator {discriminators}."
        f"{f' Images of {stage}.' if stage else ''} An epoch has "
        f"{examples.training.steps_per_epoch:,} step(s) of {examples.batch_size} "
        f"examples, on {run.strategy.num_replicas_in_sync} device(s)."
    )
    callbacks = [*callbacks]
    if run.is_chief:
        callbacks.append(
            Snapshots(
                run.directory / "samples",
                lambda: examples.snapshot(trainer),
                examples.frame,
                run.directory / "tensorboard/samples",
                first_epoch,
            )
        )
    return run.fit(
        trainer,
        examples.training,
        examples.facts,
        callbacks=callbacks,
        stage=stage,
        epochs=epochs,
    )


def finish(
    run: Run,
    networks: dict[str, keras.Model],
    examples: Examples,
    history: dict[str, list[float]],
    about: dict,
    gif: bool,
    export_dtype: str,
) -> None:
    """Draws, measures, exports and says where everything is.

    Args:
        run: The run.
        networks: The trained networks by their names, "...discriminator" for those.
        examples: What they have learned from.
        history: The history of the training.
        about: What `metrics.json` tells of the training besides.
        gif: Whether an animation of the snapshots is made.
        export_dtype: What the exported generators compute in.
    """
    if not run.is_chief:
        return
    samples = run.directory / "samples"
    measures = examples.measure(networks)
    exported = None
    if run.export_dir:
        exported = examples.export(networks, run.export_dir, export_dtype)
    metrics.write(
        run.directory,
        {
            **about,
            "parameters": _parameters(networks, of_discriminators=False),
            "discriminator_parameters": _parameters(networks, of_discriminators=True),
            **examples.about,
            **measures,
            "history": history,
            "export": exported,
        },
    )
    # Last, so that no figure that fails costs the export.
    run.save_figure("learning_curves", learning_curves(history))
    for name, figure in examples.figures(networks, samples):
        run.save_figure(name, figure)
    if gif:
        frames = [examples.frame(*snapshot) for snapshot in snapshots.read(samples)]
        save_animation(frames, run.output("figures/samples.gif"))
    if measures:
        run.say("\n" + json.dumps(measures, indent=2))
    _say_where(run, exported)


def _parameters(networks: dict[str, keras.Model], of_discriminators: bool) -> int:
    chosen: Iterable[keras.Model] = (
        network
        for name, network in networks.items()
        if name.endswith("discriminator") == of_discriminators
    )
    return sum(map(trainable_parameters, chosen))


def _say_where(run, exported):
    run.say(
        f"""
Figures       {run.directory}/figures/
Samples       {run.directory}/samples/, what the same inputs gave after each epoch
Metrics       {run.directory}/metrics.json
TensorBoard   {run.tensorboard_command}"""
    )
    if exported:
        run.say(f"SavedModel    {exported}")
    run.say(
        f"""
Try next:
  {invocation("evaluate_gan", f"--model={run.directory}")}
  {invocation("zoo")}"""
    )
