"""Additive attention."""

from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor
from kerasapps.layers.scaled_dot_product_attention import masked_softmax


@keras.saving.register_keras_serializable("kerasapps")
class AdditiveAttention(keras.layers.Layer):
    """A state takes from annotations as an alignment model scores them.

    Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly Learning to Align
    and Translate", 2015, section 3.1 and appendix A.1.2:
    `a(s, h) = v^T tanh(W s + U h)` is the score of annotation h for the state s; the
    softmax of the scores, in float32, weights the annotations. W and U start normal
    with a deviation of 0.001, v starts at zero (appendix B.1).

    U h doesn't depend on the state: `project` computes it, once for a source.

    Input shape: `[batch, state]`; for the annotations `[batch, tokens, channels]`, and
    for them projected `[batch, tokens, units]`.

    Output shape: `[batch, channels]`, the context, and float32 `[batch, tokens]`, how
    much of it each annotation is; each row of these sums to 1.

    Args:
        units: Hidden units of the alignment model.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units

    def build(
        self,
        state_shape: Shape,
        annotations_shape: Shape,
        projected_shape: Shape | None = None,
    ) -> None:
        """Creates W, U and v."""
        self.state_projection = self._dense(state_shape, "state")
        self.projection = self._dense(annotations_shape, "annotations")
        self.v = self.add_weight((self.units, 1), initializer="zeros", name="v")

    def _dense(self, input_shape, name):
        layer = keras.layers.Dense(
            self.units,
            use_bias=False,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.001),
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(input_shape)
        return layer

    def project(self, annotations: Tensor) -> Tensor:
        """Returns U h.

        Args:
            annotations: Tensor of shape `[batch, tokens, channels]`.

        Returns:
            A tensor of shape `[batch, tokens, units]`.
        """
        return self.projection(annotations)

    def call(
        self,
        state: Tensor,
        annotations: Tensor,
        projected: Tensor,
        attention_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Returns the context, and how much of it each annotation is.

        Args:
            state: As above.
            annotations: As above.
            projected: The annotations, projected by `project`.
            attention_mask: bool `[batch, tokens]`: False for padding.
        """
        hidden = keras.ops.tanh(projected + self.state_projection(state)[:, None])
        scores = keras.ops.matmul(hidden, self.v)[..., 0]
        weights = masked_softmax(scores, attention_mask)
        kept = keras.ops.cast(weights, annotations.dtype)
        return keras.ops.matmul(kept[:, None], annotations)[:, 0], weights

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
