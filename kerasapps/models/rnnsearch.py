"""RNNsearch.

"Neural Machine Translation by Jointly Learning to Align and Translate",
https://arxiv.org/abs/1409.0473
"""

from collections.abc import Sequence
from typing import Any

import keras

from kerasapps.arguments import checked
from kerasapps.layers import AdditiveAttention, GatedRecurrentUnit, Maxout
from kerasapps.layers.annotations import Tensor
from kerasapps.models.paper import Paper
from kerasapps.tokens import PADDING


def _normal():
    """Returns what all weights but the recurrent ones start from (appendix B.1)."""
    return keras.initializers.RandomNormal(stddev=0.01)


@keras.saving.register_keras_serializable("kerasapps")
class RNNsearch(keras.Model):
    """A gated RNN that looks into the source for each token; 80,442,000 parameters.

    Section 3 and appendix A. Two gated RNNs read the source, one from each end; their
    states side by side are the annotations. The decoder begins in
    s_0 = tanh(W_s h), h the last state of the RNN that reads from the end. For each
    token i an alignment model scores the annotations for s_{i-1}; their mean by these
    weights, the context c_i, goes into both gates and the candidate of the next state
    s_i. The logits come from a maxout layer of s_{i-1}, the token before and c_i. So
    the appendix and the released code have it: g(y_{i-1}, s_{i-1}, c_i). Section 3.1
    writes g(y_{i-1}, s_i, c_i), equation 4, whose s_i has seen y_{i-1} and c_i already;
    that form isn't built.

    The appendix leaves biases out of its equations. Here gates and candidates, W_s, the
    maxout layer and the logits have them, the alignment model doesn't. Recurrent
    weights start orthogonal, those of the alignment model as `AdditiveAttention` says,
    biases at zero, others normal with a deviation of 0.01 (appendix B.1).

    Args:
        source_vocabulary: Number of tokens of the source language.
        target_vocabulary: Number of tokens of the target language.
        embedding_size: Numbers in a token's embedding.
        units: Units of the decoder and of each RNN of the encoder.
        maxout_units: Units of the maxout layer, of two pieces each.
        alignment_units: Hidden units of the alignment model.
        dropout: Dropout rate of embeddings and maxout units. The paper has none.
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
        title="Neural Machine Translation by Jointly Learning to Align and Translate",
        authors="Bahdanau, Cho, Bengio",
        year=2015,
        url="https://arxiv.org/abs/1409.0473",
    )
    task = "translator"

    aligns = True

    @checked
    def __init__(
        self,
        source_vocabulary: int = 30_000,
        target_vocabulary: int = 30_000,
        embedding_size: int = 620,
        units: int = 1000,
        maxout_units: int = 500,
        alignment_units: int = 1000,
        dropout: float = 0.0,
        name: str = "rnnsearch",
    ):
        super().__init__(name=name)
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self.embedding_size = embedding_size
        self.units = units
        self.maxout_units = maxout_units
        self.alignment_units = alignment_units
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
        self.forward_inputs = dense(embedding_size, 3 * units, "forward_inputs")
        self.forward_encoder = recurrent("forward_encoder")
        self.backward_inputs = dense(embedding_size, 3 * units, "backward_inputs")
        self.backward_encoder = recurrent("backward_encoder")
        self.first_state = dense(units, units, "first_state", activation="tanh")
        self.alignment = AdditiveAttention(alignment_units, name="alignment")
        self.alignment.build((None, units), (None, None, 2 * units))
        self.target_embedding = embedding(target_vocabulary, "target_embedding")
        self.decoder_inputs = dense(embedding_size, 3 * units, "decoder_inputs")
        self.decoder_context = dense(
            2 * units, 3 * units, "decoder_context", use_bias=False
        )
        self.decoder = recurrent("decoder")
        self.maxout = Maxout(maxout_units, 2, _normal(), name="maxout")
        self.maxout.build((None, units + embedding_size + 2 * units))
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
        states, contexts, _ = self._decode(memory, embedded)
        return self._outputs(states, embedded, contexts, training)

    def alignments(self, source: Tensor, target: Tensor) -> Tensor:
        """Returns where in the source the model looks for each token; figure 3.

        Args:
            source: int32 `[batch, source]`.
            target: int32 `[batch, target]`, from BEGIN on.

        Returns:
            float32 `[batch, target, source]`: how much each source token is of the
            context in which the token after a token of the target is chosen. Rows sum
            to 1; padding of the source has 0.
        """
        _, _, weights = self._decode(self.encode(source), self.target_embedding(target))
        return weights

    def encode(self, source: Tensor, training: bool = False) -> dict[str, Any]:
        """Reads sources.

        Args:
            source: int32 `[batch, source]`.
            training: Whether there is dropout.

        Returns:
            A dictionary of `annotations`, `[batch, source, 2 * units]`; `projected`,
            `[batch, source, alignment_units]`, what the alignment model makes of them;
            and `mask`, bool `[batch, source]`, False for padding.
        """
        mask = source != PADDING
        x = self.dropout(self.source_embedding(source), training=training)
        forward = self.forward_encoder.run(self.forward_inputs(x), mask=mask)
        backward = self.backward_encoder.run(
            self.backward_inputs(x), mask=mask, reverse=True
        )
        annotations = keras.ops.concatenate([forward, backward], axis=-1)
        return {
            "annotations": annotations,
            "projected": self.alignment.project(annotations),
            "mask": mask,
        }

    def initial_states(
        self, memory: dict[str, Any], max_length: int | None
    ) -> dict[str, Any]:
        """Returns the states before the first step, as `step` returns them.

        Args:
            memory: What `encode` returned.
            max_length: The largest number of steps, which doesn't matter here.
        """
        return {"state": self.first_state(memory["annotations"][:, 0, self.units :])}

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
            a dictionary of `state`, `[batch, units]`; and the alignment, float32
            `[batch, source]`, as a row of `alignments`.
        """
        embedded = self.target_embedding(token)
        before = states["state"]
        state, context, weights = self._advance(
            memory, self.decoder_inputs(embedded), before
        )
        logits = self._outputs(before, embedded, context, training=False)
        return logits, {"state": state}, weights

    def _advance(self, memory, inputs, state):
        """Returns the next state, the context that goes into it, and the alignment."""
        context, weights = self.alignment(
            *(state, memory["annotations"], memory["projected"], memory["mask"])
        )
        return (
            self.decoder(inputs + self.decoder_context(context), state),
            context,
            weights,
        )

    def _decode(self, memory, embedded):
        """Returns the states before each token, the contexts and the alignments.

        All have the shape `[batch, target, ...]`.
        """

        def step(carry, inputs):
            before = carry[0]
            after, context, weights = self._advance(memory, inputs, before)
            # What is kept of a step must look like what is carried on.
            return (after, context, weights), (before, context, weights)

        annotations = memory["annotations"]
        first = (
            self.initial_states(memory, None)["state"],
            keras.ops.zeros_like(annotations[:, 0]),
            keras.ops.zeros_like(annotations[..., 0], dtype="float32"),
        )
        inputs = keras.ops.transpose(self.decoder_inputs(embedded), (1, 0, 2))
        _, kept = keras.ops.scan(step, first, inputs)
        return [keras.ops.transpose(x, (1, 0, 2)) for x in kept]

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
            "alignment_units": self.alignment_units,
            "dropout": self.dropout_rate,
            "name": self.name,
        }
