"""From sentences to sentences: vocabularies, networks and the search together."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kerasapps.data.text.vocabularies import Vocabulary
from kerasapps.errors import InputError
from kerasapps.evaluation.translator.beam_search import beam_search
from kerasapps.tokens import PADDING

# So many tokens more than its source a translation may have: Vaswani et al., "Attention
# Is All You Need", 2017, section 6.1.
_MORE = 50


class Translations(NamedTuple):
    """The best translations of each sentence, the best first.

    Attributes:
        translations: Strings `[batch, n_best]`.
        scores: float32 `[batch, n_best]`, log-probabilities over the length penalty.
        source_tokens: Strings `[batch, source]`, the sentence as the network reads it;
            empty on padding.
        target_tokens: Strings `[batch, n_best, target]`, the translation as the network
            writes it.
        alignments: float32 `[batch, n_best, target, source]`, what each token of the
            translation took from each of the source; of no length `source` for networks
            that don't tell.
    """

    translations: tf.Tensor
    scores: tf.Tensor
    source_tokens: tf.Tensor
    target_tokens: tf.Tensor
    alignments: tf.Tensor


class Translator(tf.Module):
    """Translates sentences; all of it is one graph of TensorFlow's core ops.

    Args:
        networks: One model of `kerasapps.models` that translates, or an ensemble.
        source_vocabulary: How sentences become tokens.
        target_vocabulary: How tokens become translations.
        beam_size: Of the beam search; 1 is greedy.
        alpha: Of the length penalty.
        n_best: Translations of each sentence, at most `beam_size`.
        replace_unknown: Whether an unknown token becomes what it is aligned with most
            in the source (Luong et al., "Addressing the Rare Word Problem in Neural
            Machine Translation", 2015, section 3.3, of words without a dictionary).
        allow_unknown: Whether unknown tokens may be written at all.
        longest_source: Characters of a sentence at most; None for any. Memory and time
            grow with it, in Transformers as its square.
        cut: Whether longer sentences are cut there. If not, a batch with one of them
            is refused, by `tf.errors.InvalidArgumentError`.

    Raises:
        InputError: If unknown tokens are to be replaced and no network tells what it
            looks at, or more translations are asked for than the beam holds.
    """

    def __init__(
        self,
        networks: Sequence[keras.Model],
        source_vocabulary: Vocabulary,
        target_vocabulary: Vocabulary,
        beam_size: int = 4,
        alpha: float = 0.6,
        n_best: int = 1,
        replace_unknown: bool = False,
        allow_unknown: bool = True,
        longest_source: int | None = None,
        cut: bool = False,
    ):
        super().__init__()
        self.networks = list(networks)
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self._beam_size = beam_size
        self._alpha = alpha
        self._n_best = n_best
        self._replace_unknown = replace_unknown
        self._allow_unknown = allow_unknown
        self.longest_source = longest_source
        self.cut = cut
        if not 1 <= n_best <= beam_size:
            raise InputError(
                f"a beam of {beam_size} has no {n_best} translations; choose n_best "
                f"from 1 to {beam_size}",
                argument="n_best",
            )
        if replace_unknown and not self.aligns:
            raise InputError(
                "replace_unknown needs a network that tells what it looks at, as "
                "RNNsearch and the Transformer do; leave it out for others",
                argument="replace_unknown",
            )

    @property
    def aligns(self) -> bool:
        """Whether any network tells what it looks at."""
        return any(network.aligns for network in self.networks)

    def get_config(self) -> dict:
        """Returns how it searches, fit for JSON."""
        return {
            "beam_size": self._beam_size,
            "alpha": self._alpha,
            "n_best": self._n_best,
            "replace_unknown": self._replace_unknown,
            "allow_unknown": self._allow_unknown,
            "longest_source": self.longest_source,
            "cut": self.cut,
        }

    def with_networks(self, networks: Sequence[keras.Model]) -> "Translator":
        """Returns one that differs in its networks alone.

        Args:
            networks: As the constructor takes them.
        """
        vocabularies = (self.source_vocabulary, self.target_vocabulary)
        return Translator(networks, *vocabularies, **self.get_config())

    def without_unknown(self) -> "Translator":
        """Returns one that differs in that it writes no unknown token."""
        vocabularies = (self.source_vocabulary, self.target_vocabulary)
        config = {**self.get_config(), "allow_unknown": False}
        return Translator(self.networks, *vocabularies, **config)

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string)],
        reduce_retracing=True,
        autograph=False,
    )
    def __call__(self, sentences: tf.Tensor) -> Translations:
        """Returns the translations of sentences, strings `[batch]`.

        That of a sentence without a token is empty.
        """
        return self._translate(sentences, aligned=self.aligns)

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string)],
        reduce_retracing=True,
        autograph=False,
    )
    def best(self, sentences: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the best translations of sentences, and no alignments.

        Args:
            sentences: Strings `[batch]`.

        Returns:
            Translations, strings `[batch]`, and scores, float32 `[batch]`.
        """
        found = self._translate(sentences, aligned=self._replace_unknown)
        return found.translations[:, 0], found.scores[:, 0]

    def _translate(self, sentences, aligned):
        count = tf.shape(sentences)[0]
        # The networks need a sentence, of which then nothing is returned.
        none = tf.cast(count == 0, tf.int32)
        sentences = tf.concat([self._short(sentences), tf.fill([none], "")], axis=0)
        source = self.source_vocabulary.encode(sentences).to_tensor(PADDING)
        lengths = tf.math.count_nonzero(source != PADDING, axis=1, dtype=tf.int32)
        found = beam_search(
            self.networks,
            source,
            lengths + _MORE,
            self._beam_size,
            self._alpha,
            self._n_best,
            self._allow_unknown,
            aligned,
        )
        # As far as any translation goes.
        used = tf.reduce_max(tf.math.count_nonzero(found.tokens, axis=-1))
        tokens, alignments = found.tokens[..., :used], found.alignments[:, :, :used]
        flat = tf.reshape(tokens, [-1, used])
        replacements = None
        if self._replace_unknown:
            replacements = self._most_aligned(sentences, alignments)
            replacements = tf.reshape(replacements, [-1, used])
        translations = self.target_vocabulary.decode(flat, replacements)
        readable = self.target_vocabulary.tokens(flat)
        # Nothing is made of nothing, whatever the networks, who never saw it, write.
        blank = (lengths == 1)[:, None]
        made = Translations(
            tf.where(blank, "", tf.reshape(translations, [-1, self._n_best])),
            found.scores,
            self.source_vocabulary.tokens(source),
            tf.where(blank[..., None], "", tf.reshape(readable, tf.shape(tokens))),
            alignments,
        )
        return Translations(*(values[:count] for values in made))

    def translate_all(
        self,
        sentences: Sequence[str],
        batch_size: int = 32,
        progress: Callable[[int], object] | None = None,
    ) -> list[str]:
        """Returns the best translation of each sentence.

        Args:
            sentences: Any number of sentences.
            batch_size: Sentences at a time, those of like length together.
            progress: Called with the number of sentences that are done, after each
                batch.
        """
        order = np.argsort([len(sentence) for sentence in sentences], kind="stable")
        found = [""] * len(sentences)
        for first in range(0, len(order), batch_size):
            rows = order[first : first + batch_size]
            translations, _ = self.best(tf.constant([sentences[row] for row in rows]))
            for row, translation in zip(rows, translations.numpy(), strict=True):
                found[row] = translation.decode()
            if progress:
                progress(first + len(rows))
        return found

    def _short(self, sentences):
        """Returns sentences of which none is too long, or the error that one is."""
        most = self.longest_source
        if most is None:
            return sentences
        if self.cut:
            # Only of what is text it is known where characters begin.
            return tf.strings.substr(
                tf.strings.unicode_transcode(sentences, "UTF-8", "UTF-8"),
                *(0, most),
                unit="UTF8_CHAR",
            )
        lengths = tf.strings.length(sentences, unit="UTF8_CHAR")
        longest = tf.reduce_max(tf.concat([[0], lengths], axis=0))
        message = tf.strings.join(
            [
                "a sentence has ",
                tf.strings.as_string(longest),
                f" characters, and this translator takes {most} at most: shorten it, "
                "or part it",
            ]
        )
        fits = tf.debugging.Assert(longest <= most, [message])
        # Eagerly there is nothing to wait for.
        with tf.control_dependencies([] if fits is None else [fits]):
            return tf.identity(sentences)

    def _most_aligned(self, sentences, alignments):
        """Returns of each token the source's token that it took most from."""
        pieces = self.source_vocabulary.split(sentences).to_tensor("")
        # As long as the alignments are; neither END nor padding stands for a word.
        pieces = tf.pad(pieces, [[0, 0], [0, 1]])
        words = (pieces != "")[:, None, None]
        places = tf.argmax(tf.where(words, alignments, -1.0), axis=-1)
        return tf.gather(pieces, places, batch_dims=1)
