"""The gated recurrent unit."""

from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class GatedRecurrentUnit(keras.layers.Layer):
    """A step of the gated recurrent unit, whose inputs are weighted already.

    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
    Statistical Machine Translation", 2014, equations 5 to 8:

        z = sigmoid(inputs_z + s U_z)
        r = sigmoid(inputs_r + s U_r)
        next s = z s + (1 - z) tanh(inputs_s + (r s) U)

    Bahdanau, Cho and Bengio 2015 let z weight the candidate, (1 - z) s + z tanh(...),
    as many textbooks do. Both are the same function: sigmoid(-x) = 1 - sigmoid(x), so
    the weights of z, the inputs' too, have the other sign. Not this function are a
    candidate that is reset after the product, tanh(inputs_s + r (s U)), which is
    `keras.layers.GRU` with `reset_after=True`, and one more sigmoid around the next
    state, which would keep states above 0; no paper has that.

    It is `keras.layers.GRU` with `reset_after=False`, but for the inputs: whatever they
    are a sum of, one product computes it for all steps beforehand, which takes half the
    time. U, U_z and U_r start orthogonal.

    Input shape: `[batch, 3 * units]`, what goes into z, r and s side by side; for the
    state `[batch, units]`.

    Output shape: `[batch, units]`, the next state.

    Args:
        units: Number of units.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units

    def build(
        self, inputs_shape: Shape | None = None, state_shape: Shape | None = None
    ) -> None:
        """Makes the weights of the gates, side by side, and of the candidate."""

        def orthogonal(shape, dtype):
            # Two initializers, as one gives the same each time.
            square = (self.units, self.units)
            initializers = [keras.initializers.Orthogonal() for _ in range(2)]
            return keras.ops.concatenate(
                [make(square, dtype) for make in initializers], axis=1
            )

        self.gates = self.add_weight(
            (self.units, 2 * self.units), initializer=orthogonal, name="gates"
        )
        self.candidate = self.add_weight(
            (self.units, self.units), initializer="orthogonal", name="candidate"
        )

    def call(self, inputs: Tensor, state: Tensor) -> Tensor:
        """Returns the next state."""
        # The gradient of a split is a concatenation; that of slices would be a sum.
        for_gates, for_candidate = keras.ops.split(inputs, [2 * self.units], axis=-1)
        gates = keras.ops.sigmoid(for_gates + keras.ops.matmul(state, self.gates))
        update, reset = keras.ops.split(gates, 2, axis=-1)
        candidate = keras.ops.tanh(
            for_candidate + keras.ops.matmul(reset * state, self.candidate)
        )
        return update * state + (1 - update) * candidate

    def run(
        self,
        inputs: Tensor,
        state: Tensor | None = None,
        mask: Tensor | None = None,
        reverse: bool = False,
    ) -> Tensor:
        """Goes through whole sequences.

        Args:
            inputs: Tensor of shape `[batch, tokens, 3 * units]`.
            state: The state to begin with, `[batch, units]`; by default zero.
            mask: bool `[batch, tokens]`: False for padding, which leaves the state as
                it is.
            reverse: Whether to begin at the end.

        Returns:
            The states after each token, `[batch, tokens, units]`; the last one is at
            the end, in reverse at the beginning.
        """
        if state is None:
            state = keras.ops.zeros_like(inputs[:, 0, : self.units])
        if mask is not None:
            # An update gate that is 1 leaves the state as it is.
            update, others = inputs[..., : self.units], inputs[..., self.units :]
            update = keras.ops.where(mask[..., None], update, 1e4)
            inputs = keras.ops.concatenate([update, others], axis=-1)

        def step(state, inputs):
            state = self(inputs, state)
            return state, state

        inputs = keras.ops.transpose(inputs, (1, 0, 2))
        _, states = keras.ops.scan(step, state, inputs, reverse=reverse)
        return keras.ops.transpose(states, (1, 0, 2))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
