"""Seq2Seq: "Sequence to Sequence Learning with Neural Networks".

https://arxiv.org/abs/1409.3215
"""

from collections.abc import Sequence
from typing import Any

import keras

from kerasapps.arguments import checked
from kerasapps.layers.annotations import Tensor
from kerasapps.models.paper import Paper
from kerasapps.tokens import PADDING


def _uniform():
    """Returns what weights start from (section 3.4)."""
    return keras.initializers.RandomUniform(-0.08, 0.08)


def _reverse(source):
    """Returns the tokens of each source but its last, which is END, in reverse order.

    END stays behind them, and padding at the end.
    """
    places = keras.ops.arange(keras.ops.shape(source)[1])
    lengths = keras.ops.sum(keras.ops.cast(source != PADDING, "int32"), axis=1)
    last = lengths[:, None] - 1
    return keras.ops.take_along_axis(
        source, keras.ops.where(places < last, last - 1 - places, places), axis=1
    )


@keras.saving.register_keras_serializable("kerasapps")
class Seq2SeqLSTM(keras.Model):
    """A deep LSTM reads the source, another writes the target; 384,112,000 parameters.

    Section 3. All that the second knows of the source are the states of the first after
    the last token, in which its own layers begin. 384 million is the paper's number:
    160 + 80 of the embeddings, 32 + 32 of the LSTMs, 80 of the outputs; 112,000 biases,
    of which it doesn't speak, come to it. All weights start uniform between -0.08 and
    0.08 (section 3.4).

    The paper reads the words of the source in reverse order (section 3.3). END stays
    the last token all the same: the words alone are turned round. The cells have no
    peepholes, and the target begins with a token of its own, BEGIN, where the paper's
    figure 1 takes the source's last.

    Args:
        source_vocabulary: Number of tokens of the source language.
        target_vocabulary: Number of tokens of the target language.
        embedding_size: Numbers in a token's embedding.
        units: Cells of a layer.
        num_layers: Layers of each LSTM.
        reverse_source: Whether the source is read in reverse order. It is turned round
            here: the model takes it as it is.
        dropout: Dropout rate of what goes into each layer and into the outputs, not of
            what goes from step to step (Zaremba, Sutskever and Vinyals, "Recurrent
            Neural Network Regularization", 2014). The paper has none.
        name: Name of the model.

    Inputs: A pair: `source`, int32 `[batch, source]`, that ends with END, and `target`,
    int32 `[batch, target]`, that begins with BEGIN; both padded at the end.

    Outputs: Logits of the target's next tokens, float32
    `[batch, target, target_vocabulary]`.

    Raises:
        InputError: If a size is less than 1.

    Attributes:
        aligns: Whether `step` tells what it took from the source.
    """

    paper = Paper(
        title="Sequence to Sequence Learning with Neural Networks",
        authors="Sutskever, Vinyals, Le",
        year=2014,
        url="https://arxiv.org/abs/1409.3215",
    )
    task = "translator"

    aligns = False

    @checked
    def __init__(
        self,
        source_vocabulary: int = 160_000,
        target_vocabulary: int = 80_000,
        embedding_size: int = 1000,
        units: int = 1000,
        num_layers: int = 4,
        reverse_source: bool = True,
        dropout: float = 0.0,
        name: str = "seq2seqlstm",
    ):
        super().__init__(name=name)
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self.embedding_size = embedding_size
        self.units = units
        self.num_layers = num_layers
        self.reverse_source = reverse_source
        self.dropout_rate = dropout
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.source_embedding = self._embedding(source_vocabulary, "source_embedding")
        self.encoder = self._lstm("encoder")
        self.target_embedding = self._embedding(target_vocabulary, "target_embedding")
        self.decoder = self._lstm("decoder")
        # The outputs stay float32 under mixed precision.
        self.logits = keras.layers.Dense(
            target_vocabulary,
            kernel_initializer=_uniform(),
            bias_initializer=_uniform(),
            name="logits",
            dtype="float32",
        )
        self.logits.build((None, None, units))
        self.built = True

    def _embedding(self, vocabulary, name):
        layer = keras.layers.Embedding(
            vocabulary, self.embedding_size, _uniform(), name=name
        )
        layer.build()
        return layer

    def _lstm(self, name):
        layers = []
        for number in range(1, self.num_layers + 1):
            layer = keras.layers.LSTM(
                self.units,
                kernel_initializer=_uniform(),
                recurrent_initializer=_uniform(),
                bias_initializer=_uniform(),
                unit_forget_bias=False,
                return_sequences=True,
                return_state=True,
                name=f"{name}{number}",
            )
            features = self.embedding_size if number == 1 else self.units
            layer.build((None, None, features))
            layers.append(layer)
        return layers

    def call(self, inputs: Sequence[Tensor], training: bool = False) -> Tensor:
        """Returns the logits of the target's next tokens."""
        source, target = inputs
        return self.decode(target, self.encode(source, training), training)

    def decode(
        self, target: Tensor, memory: dict[str, Any], training: bool = False
    ) -> Tensor:
        """Returns the logits of the target's next tokens, as the model does.

        Args:
            target: int32 `[batch, target]`, from BEGIN on.
            memory: What `encode` returned of the sources.
            training: Whether there is dropout.
        """
        x = self.target_embedding(target)
        for layer in self.decoder:
            state = memory[layer.name]
            x = self.dropout(x, training=training)
            x, *_ = layer(x, initial_state=[state["h"], state["c"]], training=training)
        return self.logits(self.dropout(x, training=training))

    def encode(self, source: Tensor, training: bool = False) -> dict[str, Any]:
        """Reads sources.

        Args:
            source: int32 `[batch, source]`.
            training: Whether there is dropout.

        Returns:
            The states in which the decoder begins: for each layer, by its name, a
            dictionary of `h` and `c`, `[batch, units]`.
        """
        mask = source != PADDING
        if self.reverse_source:
            source = _reverse(source)
        x = self.source_embedding(source)
        states = {}
        for encoder, decoder in zip(self.encoder, self.decoder, strict=True):
            x = self.dropout(x, training=training)
            x, h, c = encoder(x, mask=mask, training=training)
            states[decoder.name] = {"h": h, "c": c}
        return states

    def initial_states(
        self, memory: dict[str, Any], max_length: int | None
    ) -> dict[str, Any]:
        """Returns the states before the first step, as `step` returns them.

        Args:
            memory: What `encode` returned.
            max_length: The largest number of steps, which doesn't matter here.
        """
        return memory

    def step(
        self,
        token: Tensor,
        position: Tensor,
        memory: dict[str, Any],
        states: dict[str, Any],
    ) -> tuple[Tensor, dict[str, Any], Tensor | None]:
        """Writes one token more.

        Args:
            token: int32 `[batch]`, the token before it.
            position: int32 scalar, the number of steps before.
            memory: What `encode` returned.
            states: The states before the step.

        Returns:
            The logits, float32 `[batch, target_vocabulary]`; the states after the step,
            as `encode` has them; and None, for what other models say of where in the
            source they look.
        """
        x = self.target_embedding(token)
        after = {}
        for layer in self.decoder:
            state = states[layer.name]
            x, (h, c) = layer.cell(x, [state["h"], state["c"]])
            after[layer.name] = {"h": h, "c": c}
        return self.logits(x), after, None

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "source_vocabulary": self.source_vocabulary,
            "target_vocabulary": self.target_vocabulary,
            "embedding_size": self.embedding_size,
            "units": self.units,
            "num_layers": self.num_layers,
            "reverse_source": self.reverse_source,
            "dropout": self.dropout_rate,
            "name": self.name,
        }
