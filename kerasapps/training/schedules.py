"""Learning-rate schedules, counted in epochs and compiled into steps."""

import keras

SCHEDULES = ("constant", "step", "plateau", "exponential", "cosine", "inverse_sqrt")


@keras.saving.register_keras_serializable("kerasapps")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise from 0, or a constant rate, then another schedule.

    The rise goes to the schedule's first rate, whatever the schedule does meanwhile: in
    EfficientNet's released code, too, the decay shows only after the warm-up.

    Args:
        schedule: The schedule or the constant rate that follows, which counts its
            steps from the first of all.
        steps: Steps that the warm-up takes (Goyal et al. 2017, section 2.2).
        warmup_rate: The rate of all these steps, ResNet-110's way (He et al. 2016,
            section 4.2); None for the rise.
    """

    def __init__(
        self,
        schedule: keras.optimizers.schedules.LearningRateSchedule,
        steps: int,
        warmup_rate: float | None = None,
    ):
        super().__init__()
        self.schedule = schedule
        self.steps = steps
        self.warmup_rate = warmup_rate

    def __call__(self, step):
        """Returns the learning rate at `step`, a float32 scalar."""
        rate = first = self.schedule
        if callable(self.schedule):
            rate, first = self.schedule(step), self.schedule(0)
        warmup_rate = self.warmup_rate
        if warmup_rate is None:
            warmup_rate = first * (keras.ops.cast(step, "float32") + 1) / self.steps
        return keras.ops.where(step < self.steps, warmup_rate, rate)

    def get_config(self):
        """Returns the constructor's arguments."""
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {
            "schedule": schedule,
            "steps": self.steps,
            "warmup_rate": self.warmup_rate,
        }

    @classmethod
    def from_config(cls, config: dict):
        """Returns the schedule that `get_config` described."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**config | {"schedule": schedule})


@keras.saving.register_keras_serializable("kerasapps")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """A constant rate, which then falls as one over the root of the step.

    Vaswani et al., "Attention Is All You Need", 2017, section 5.3, equation 3, is this
    after a `WarmUp` of as many steps: there the highest rate is
    (d_model * warm-up steps)^-0.5.

    Args:
        learning_rate: The highest rate.
        steps: Steps until it falls, at least 1.
    """

    def __init__(self, learning_rate: float, steps: int):
        super().__init__()
        self.learning_rate = learning_rate
        self.steps = steps

    def __call__(self, step):
        """Returns the learning rate at `step`, a float32 scalar."""
        number = keras.ops.cast(step, "float32") + 1
        past = keras.ops.maximum(number / self.steps, 1.0)
        return self.learning_rate * keras.ops.rsqrt(past)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"learning_rate": self.learning_rate, "steps": self.steps}


def learning_rate_schedule(
    name: str,
    learning_rate: float,
    steps_per_epoch: int,
    epochs: int,
    warmup_epochs: float = 0,
    decay_epochs: list[float] | None = None,
    decay_rate: float = 0.1,
    warmup_rate: float | None = None,
):
    """Returns the learning rate as an optimizer takes it.

    Args:
        name: One of `SCHEDULES`. "plateau" is constant here: it is the callback
            `keras.callbacks.ReduceLROnPlateau` that lowers it.
        learning_rate: The highest rate.
        steps_per_epoch: Steps in an epoch.
        epochs: Epochs of the whole run.
        warmup_epochs: Epochs of the warm-up. "cosine" falls from its end to that of
            the run, by (step - W) / (T - W), as in ViT's released code; "step" and
            "exponential" count from the beginning of the run, as in ResNet's paper and
            in EfficientNet's code.
        decay_epochs: "step": the epochs after which the rate is multiplied by
            `decay_rate`, ResNet's way; default at 1/2 and 3/4 of the run.
            "exponential": a single number, the epochs between two multiplications
            by `decay_rate`, EfficientNet's way; default 1/10 of the run.
        decay_rate: Factor of "step" and "exponential".
        warmup_rate: The constant rate of the warm-up; None for a linear rise from 0.

    Returns:
        A float or a `keras.optimizers.schedules.LearningRateSchedule`.
    """
    schedules = keras.optimizers.schedules
    warmup_steps = round(warmup_epochs * steps_per_epoch)
    if name == "step":
        boundaries = sorted(decay_epochs or [epochs / 2, epochs * 3 / 4])
        # A boundary is the last step, counted from 0, before the rate changes.
        rate = schedules.PiecewiseConstantDecay(
            [round(e * steps_per_epoch) - 1 for e in boundaries],
            [learning_rate * decay_rate**k for k in range(len(boundaries) + 1)],
        )
    elif name == "exponential":
        (every,) = decay_epochs or [epochs / 10]
        rate = schedules.ExponentialDecay(
            learning_rate, every * steps_per_epoch, decay_rate, staircase=True
        )
    elif name == "inverse_sqrt":
        rate = InverseSquareRoot(learning_rate, max(1, warmup_steps))
    elif name == "cosine":
        rate = schedules.CosineDecay(
            learning_rate,
            max(1, epochs * steps_per_epoch - warmup_steps),
            # Constant until then: the rise is `WarmUp`'s.
            warmup_target=learning_rate if warmup_steps else None,
            warmup_steps=warmup_steps,
        )
    else:
        rate = learning_rate
    if warmup_epochs:
        rate = WarmUp(rate, warmup_steps, warmup_rate)
    return rate
