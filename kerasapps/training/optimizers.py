"""Keras's optimizers, with clipping and weight decay as the papers mean them."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from kerasapps.errors import InputError

OPTIMIZERS = ("sgd", "rmsprop", "adadelta", "adam", "adamw")


class GlobalGradientMixin:
    """Clips and decays by the whole batch's gradient.

    Keras clips each replica's gradient before it sums them, which gives other steps on
    two devices than on one. And its `weight_decay` shrinks the weights beside the
    step, as AdamW does, where AlexNet, VGG and ResNet add the decayed weights to the
    gradient, so that momentum acts on them too: with a momentum of 0.9 that is ten
    times the decay.

    Args:
        l2: Factor of the weights that are added to the gradient, after clipping. Only
            kernels and embeddings decay, not biases, scales and offsets (variables of
            one axis).
        clip_global_norm: Largest 2-norm of all gradients together; None for any.
        **kwargs: The optimizer's own arguments.
    """

    # Of the Keras optimizer that this is mixed into.
    use_ema: bool
    add_optimizer_variables: Callable[..., Any]
    _trainable_variables: list
    _model_variables_moving_average: list

    def __init__(
        self, *, l2: float = 0.0, clip_global_norm: float | None = None, **kwargs
    ):
        super().__init__(**kwargs)
        self.l2 = l2
        self.clip_global_norm = clip_global_norm

    def apply(self, grads: Sequence, trainable_variables: Sequence | None = None):
        """Applies one replica's gradients, in a replica context."""
        variables = trainable_variables or self._trainable_variables
        replica = tf.distribute.get_replica_context()
        present = [i for i, g in enumerate(grads) if g is not None]
        dense = [tf.convert_to_tensor(grads[i]) for i in present]
        if self.clip_global_norm:
            dense = replica.all_reduce(tf.distribute.ReduceOp.SUM, dense)
            dense, _ = tf.clip_by_global_norm(dense, self.clip_global_norm)
            # They are summed once more when they are applied.
            dense = [g / replica.num_replicas_in_sync for g in dense]
        if self.l2:
            share = self.l2 / replica.num_replicas_in_sync
            dense = [
                g + share * variables[i] if decays(variables[i]) else g
                for i, g in zip(present, dense, strict=True)
            ]
        grads = list(grads)
        for i, g in zip(present, dense, strict=True):
            grads[i] = g
        super().apply(grads, trainable_variables)

    def average_statistics(self, model: keras.Model) -> None:
        """Lets the moving average of the weights have that of batch normalization, too.

        Keras averages trained weights only, which then stand beside the statistics of
        others. To be called when this is built; nothing changes without `use_ema`.
        """
        statistics = [
            statistic
            for layer in model._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
            for statistic in (layer.moving_mean, layer.moving_variance)
        ]
        if self.use_ema:
            # In Keras's own lists, so that whatever swaps the weights swaps them.
            averages = self.add_optimizer_variables(statistics, "average")
            self._model_variables_moving_average += averages
            self._trainable_variables += statistics

    def finalize_variable_values(self, var_list: Sequence):
        """Puts the averages in place of all that is averaged."""
        super().finalize_variable_values(self._trainable_variables)

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "l2": self.l2,
            "clip_global_norm": self.clip_global_norm,
        }


@keras.saving.register_keras_serializable("kerasapps")
class SGD(GlobalGradientMixin, keras.optimizers.SGD):
    """Stochastic gradient descent with momentum."""


@keras.saving.register_keras_serializable("kerasapps")
class RMSprop(GlobalGradientMixin, keras.optimizers.RMSprop):
    """RMSProp (Tieleman and Hinton 2012), whose mean squares start at 1.

    So they do in TensorFlow 1's `tf.train.RMSPropOptimizer`, by which EfficientNet and
    the later Inceptions were trained, and it has epsilon under the root, as Keras has.
    Keras's mean squares start at 0: with a decay of 0.9 the first step is then
    sqrt(1 / 0.1) times the rate, however small the gradient, and its momentum lasts.
    """

    def add_optimizer_variables(
        self,
        trainable_variables: Sequence[keras.Variable],
        name: str | Sequence[str],
        initializer: Any = "zeros",
    ) -> Any:
        """Makes the optimizer's variables; the mean squares, "velocity", start at 1."""
        if name == "velocity":
            initializer = "ones"
        return super().add_optimizer_variables(trainable_variables, name, initializer)


@keras.saving.register_keras_serializable("kerasapps")
class Adadelta(GlobalGradientMixin, keras.optimizers.Adadelta):
    """AdaDelta (Zeiler 2012), whose mean squares decay by 0.95, as in the paper."""


@keras.saving.register_keras_serializable("kerasapps")
class Adam(GlobalGradientMixin, keras.optimizers.Adam):
    """Adam (Kingma and Ba 2014)."""


@keras.saving.register_keras_serializable("kerasapps")
class AdamW(GlobalGradientMixin, keras.optimizers.AdamW):
    """AdamW (Loshchilov and Hutter 2017), whose `weight_decay` is decoupled."""

    def build(self, variables):
        """Makes the moments of `variables`."""
        self.exclude_from_weight_decay([v for v in variables if not decays(v)])
        super().build(variables)


def decays(variable: keras.Variable) -> bool:
    """Returns whether weight decay acts on `variable`: not on biases and scales."""
    # By the name too: LeCun's network of 1989 has a bias for each unit of a map.
    return len(variable.shape) > 1 and variable.name != "bias"


def make_optimizer(
    name: str,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    clip_global_norm: float | None = None,
    ema: float | None = None,
    nesterov: bool = False,
    epsilon: float | None = None,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
) -> keras.optimizers.Optimizer:
    """Returns an optimizer by its name.

    Args:
        name: One of `OPTIMIZERS`.
        learning_rate: A float or a schedule.
        momentum: Momentum of SGD and RMSProp.
        weight_decay: Decoupled with "adamw", else added to the gradient.
        clip_global_norm: Largest norm of the whole gradient.
        ema: Momentum of the moving average of the weights, which then replaces them
            when training ends.
        nesterov: Nesterov's momentum, for SGD (DenseNet: Huang et al. 2017, section
            4.2).
        epsilon: What keeps RMSProp, AdaDelta and Adam from dividing by zero; None for
            Keras's 1e-7. RMSProp adds it to the mean square, as the code of
            EfficientNet does with 1e-3, Adam to its root.
        beta_1: Decay of the mean of the gradients, of Adam and AdamW.
        beta_2: Decay of the mean of their squares.

    Raises:
        InputError: If the optimizer has no use for `nesterov` or `epsilon`.
    """
    if nesterov and name != "sgd":
        raise InputError(f"nesterov is for sgd; {name} has no such momentum")
    if epsilon is not None and name == "sgd":
        raise InputError("epsilon is for rmsprop, adadelta, adam, adamw; sgd has none")
    common: dict[str, Any] = {
        "learning_rate": learning_rate,
        "clip_global_norm": clip_global_norm,
    }
    if ema:
        common |= {"use_ema": True, "ema_momentum": ema}
    if epsilon is not None:
        common["epsilon"] = epsilon
    if name in ("adam", "adamw"):
        common |= {"beta_1": beta_1, "beta_2": beta_2}
    if name == "adamw":
        return AdamW(weight_decay=weight_decay, **common)
    common["l2"] = weight_decay
    if name == "adam":
        return Adam(**common)
    if name == "adadelta":
        return Adadelta(**common)
    if name == "rmsprop":
        return RMSprop(momentum=momentum, **common)
    return SGD(momentum=momentum, nesterov=nesterov, **common)
