"""RNNencdec.

"Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
Translation", https://arxiv.org/abs/1406.1078
"""

from collections.abc import Sequence
from typing import Any

import keras

from kerasapps.arguments import checked
from kerasapps.layers import GatedRecurrentUnit, Maxout
from kerasapps.layers.annotations import Tensor
from kerasapps.models.paper import Paper
from kerasapps.tokens import PADDING


def _normal():
    """Returns what all weights but the recurrent ones start from."""
    return keras.initializers.RandomNormal(stddev=0.01)


@keras.saving.register_keras_serializable("kerasapps")
class RNNencdec(keras.Model):
    """A gated RNN reads the source into one vector; another writes the target from it.

    Appendix A: the vector is c = tanh(V h_N) of the encoder's last state; the decoder
    begins in tanh(V' c), and c goes into each of its steps and outputs. A maxout layer
    of the decoder's state, the token before and c makes the logits. In the decoder too
    the reset gate acts on the state alone, as in equation 8 and in the released code;
    in the appendix's equation it acts on c as well. The token before the first is
    BEGIN, whose embedding is learned; the appendix's is zero.

    The sizes are those with which Bahdanau, Cho and Bengio compare it to RNNsearch, and
    the weights start as theirs (their appendix B.1): recurrent ones orthogonal, biases
    zero, others normal with a deviation of 0.01. With them it has 69,579,000
    parameters. Cho et al. have 15,000 tokens and factorize embeddings and outputs.

    Args:
        source_vocabulary: Number of tokens of the source language.
        target_vocabulary: Number of tokens of the target language.
        embedding_size: Numbers in a token's embedding.
        units: Units of encoder and decoder.
        maxout_units: Units of the maxout layer, of two pieces each.
        dropout: Dropout rate of embeddings and maxout units. The papers have none.
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
        title="Learning Phrase Representations using RNN Encoder-Decoder for "
        "Statistical Machine Translation",
        authors="Cho, van Merrienboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio",
        year=2014,
        url="https://arxiv.org/abs/1406.1078",
    )
    task = "translator"

    aligns = False

    @checked
    def __init__(
        self,
        source_vocabulary: int = 30_000,
        target_vocabulary: int = 30_000,
        embedding_size: int = 620,
        units: int = 1000,
        maxout_units: int = 500,
        dropout: float = 0.0,
        name: str = "rnnencdec",
    ):
        super().__init__(name=name)
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self.embedding_size = embedding_size
        self.units = units
        self.maxout_units = maxout_units
        self.dropout_rate = dropout
        self.dropout = keras.layers.Dropout(dropout, name="dropout")

        def embedding(vocabulary, name):
            layer = keras.layers.Embedding(
                vocabulary, embedding_size, _normal(), name=name
            )
            layer.build()
            return layer

        def dense(inputs, outputs, name, **options):
            layer = keras.layers.Dense(
                outputs, kernel_initializer=_normal(), name=name, **options
            )
            layer.build((None, inputs))
            return layer

        def recurrent(name):
            layer = GatedRecurrentUnit(units, name=name)
            layer.build()
            return layer

        self.source_embedding = embedding(source_vocabulary, "source_embedding")
        self.encoder_inputs = dense(embedding_size, 3 * units, "encoder_inputs")
        self.encoder = recurrent("encoder")
        self.summary_vector = dense(units, units, "summary_vector", activation="tanh")
        self.first_state = dense(units, units, "first_state", activation="tanh")
        self.target_embedding = embedding(target_vocabulary, "target_embedding")
        self.decoder_inputs = dense(embedding_size, 3 * units, "decoder_inputs")
        self.decoder_context = dense(
            units, 3 * units, "decoder_context", use_bias=False
        )
        self.decoder = recurrent("decoder")
        self.maxout = Maxout(maxout_units, 2, _normal(), name="maxout")
        self.maxout.build((None, units + embedding_size + units))
        # The outputs stay float32 under mixed precision.
        self.logits = dense(maxout_units, target_vocabulary, "logits", dtype="float32")
        self.built = True

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
        embedded = self.dropout(self.target_embedding(target), training=training)
        states = self.decoder.run(
            self.decoder_inputs(embedded) + memory["inputs"][:, None],
            self.initial_states(memory, None)["state"],
        )
        context = keras.ops.broadcast_to(
            memory["context"][:, None], keras.ops.shape(states)
        )
        return self._outputs(states, embedded, context, training)

    def encode(self, source: Tensor, training: bool = False) -> dict[str, Any]:
        """Reads sources.

        Args:
            source: int32 `[batch, source]`.
            training: Whether there is dropout.

        Returns:
            A dictionary of `context`, `[batch, units]`, the vector c, and `inputs`,
            `[batch, 3 * units]`, what goes of it into each step of the decoder.
        """
        embedded = self.dropout(self.source_embedding(source), training=training)
        states = self.encoder.run(self.encoder_inputs(embedded), mask=source != PADDING)
        context = self.summary_vector(states[:, -1])
        return {"context": context, "inputs": self.decoder_context(context)}

    def initial_states(
        self, memory: dict[str, Any], max_length: int | None
    ) -> dict[str, Any]:
        """Returns the states before the first step, as `step` returns them.

        Args:
            memory: What `encode` returned.
            max_length: The largest number of steps, which doesn't matter here.
        """
        return {"state": self.first_state(memory["context"])}

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
            a dictionary of `state`, `[batch, units]`; and None, for what other models
            say of where in the source they look.
        """
        embedded = self.target_embedding(token)
        inputs = self.decoder_inputs(embedded) + memory["inputs"]
        state = self.decoder(inputs, states["state"])
        logits = self._outputs(state, embedded, memory["context"], training=False)
        return logits, {"state": state}, None

    def _outputs(self, state, embedded, context, training):
        """Returns the logits; of all tokens in one product."""
        sums = keras.ops.concatenate([state, embedded, context], axis=-1)
        units = self.maxout(keras.ops.reshape(sums, (-1, sums.shape[-1])))
        logits = self.logits(self.dropout(units, training=training))
        return keras.ops.reshape(
            logits, (*keras.ops.shape(state)[:-1], self.target_vocabulary)
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "source_vocabulary": self.source_vocabulary,
            "target_vocabulary": self.target_vocabulary,
            "embedding_size": self.embedding_size,
            "units": self.units,
            "maxout_units": self.maxout_units,
            "dropout": self.dropout_rate,
            "name": self.name,
        }
