"""ViT: "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale".

https://arxiv.org/abs/2010.11929
"""

import math
from typing import Any, Literal

import keras
import numpy as np

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import (
    ClassToken,
    MultiHeadSelfAttention,
    PositionEmbedding,
    PositionEmbedding2D,
)
from kerasapps.layers.annotations import ImageShape, Tensor
from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width
from kerasapps.models.paper import Paper
from kerasapps.models.variant import variant

# Table 1: layers, hidden size, MLP size, heads.
_BASE = (12, 768, 3072, 12)
_LARGE = (24, 1024, 4096, 16)
_HUGE = (32, 1280, 5120, 16)


def _norm(x, name):
    return keras.layers.LayerNormalization(epsilon=1e-6, name=name)(x)


def _dense(x, units, activation, dropout, name):
    x = keras.layers.Dense(
        units,
        activation,
        bias_initializer=keras.initializers.RandomNormal(stddev=1e-6),
        name=name,
    )(x)
    return _dropout(x, dropout, name)


def _dropout(x, rate, name):
    return keras.layers.Dropout(rate, name=f"{name}_dropout")(x) if rate else x


def _encoder(x, mlp_size, num_heads, dropout, name):
    """Self-attention and an MLP, both normalized before and added; figure 1, right."""
    hidden_size = x.shape[-1]
    y = _norm(x, f"{name}_attention_norm")
    y = MultiHeadSelfAttention(num_heads, name=f"{name}_attention")(y)
    y = _dropout(y, dropout, f"{name}_attention")
    x = keras.layers.Add(name=f"{name}_attention_add")([x, y])
    y = _norm(x, f"{name}_mlp_norm")
    y = _dense(y, mlp_size, "gelu", dropout, f"{name}_mlp1")
    y = _dense(y, hidden_size, None, dropout, f"{name}_mlp2")
    return keras.layers.Add(name=f"{name}_mlp_add")([x, y])


def _structure(model):
    """What two networks must have in common for one to start from the other."""
    free = ("num_classes", "input_shape", "head", "dropout", "name")
    config = {k: v for k, v in model.get_config().items() if k not in free}
    return config | {"image channels": model.input_shape[-1]}


def _resample(table, size, axis=0):
    """Interpolates along an axis to `size` places, from the first to the last."""
    places = np.linspace(0, table.shape[axis] - 1, size)
    return np.apply_along_axis(
        lambda line: np.interp(places, np.arange(len(line)), line), axis, table
    )


def _resample_tokens(table, old, new):
    """Interpolates `[1 + rows * columns, channels]` from an old grid to a new one."""
    grid = table[1:].reshape(*old, -1)
    for axis, size in enumerate(new):
        grid = _resample(grid, size, axis)
    return np.concatenate([table[:1], grid.reshape(-1, table.shape[1])])


@keras.saving.register_keras_serializable("kerasapps")
class ViT(keras.Model):
    """A Vision Transformer, section 3.1 and figure 1.

    A convolution cuts the image into patches and projects each to a token; a class
    token comes before them. What the encoders make of it is normalized and classified.
    The GELU is the exact one, as the paper refers to it (the released code has its
    approximation by tanh); dropout comes after each dense layer but those of queries,
    keys and values, and after the position embedding (appendix B.1). The variants of
    the paper are functions below: the defaults here aren't the paper's, but make a
    small network for 32x32 images, of 2,693,578 parameters.

    Args:
        patch_size: Height and width of the patches.
        num_layers: Number of encoders.
        hidden_size: Channels of a token.
        mlp_size: Units of the hidden layer in each encoder's MLP.
        num_heads: Number of heads; they share the channels out.
        num_classes: Number of classes.
        input_shape: Height and width, multiples of the patch size, and channels of the
            images.
        head: "linear", one layer that starts at zero, as the paper fine-tunes, or
            "mlp", with a hidden layer of tanh units before it, as it pre-trains.
        position_embedding: What is added to the tokens (appendix D.4): "1d", a learned
            vector for each; "2d", a learned one for each column in one half of the
            channels and for each row in the other, nothing for the class token; or
            "none".
        dropout: Dropout rate. The paper's variants have 0.1, as pre-training on
            ImageNet and ImageNet-21k does; on JFT-300M it is 0 (table 3).
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If images and patches, or channels and heads, don't fit, or an
            argument isn't one of its choices.
    """

    paper = Paper(
        title="An Image is Worth 16x16 Words: Transformers for Image Recognition at "
        "Scale",
        authors="Dosovitskiy, Beyer, Kolesnikov, Weissenborn, Zhai, Unterthiner, "
        "Dehghani, Minderer, Heigold, Gelly, Uszkoreit, Houlsby",
        year=2021,
        url="https://arxiv.org/abs/2010.11929",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        patch_size: int = 4,
        num_layers: int = 6,
        hidden_size: int = 192,
        mlp_size: int = 768,
        num_heads: int = 3,
        num_classes: int = 10,
        input_shape: ImageShape = (32, 32, 3),
        head: Literal["linear", "mlp"] = "linear",
        position_embedding: Literal["1d", "2d", "none"] = "1d",
        dropout: float = 0.0,
        name: str = "vit",
    ):
        if any(not size or size % patch_size for size in input_shape[:2]):
            size = "x".join(map(str, input_shape[:2]))
            raise InputError(
                f"ViT needs images of a fixed size of whole {patch_size}x{patch_size} "
                f"patches, not {size}"
            )
        if hidden_size % num_heads:
            raise InputError(
                f"ViT needs a hidden size that is a multiple of its {num_heads} heads, "
                f"not {hidden_size}"
            )
        image = keras.Input(input_shape, name="image", dtype="float32")
        x = keras.layers.Conv2D(
            hidden_size,
            patch_size,
            strides=patch_size,
            kernel_initializer="lecun_normal",
            name="patch_embedding",
        )(image)
        grid = x.shape[1:3]
        if position_embedding == "2d":
            x = PositionEmbedding2D(name="position_embedding")(x)
        x = keras.layers.Reshape((grid[0] * grid[1], hidden_size), name="tokens")(x)
        x = ClassToken(name="class_token")(x)
        if position_embedding == "1d":
            x = PositionEmbedding(name="position_embedding")(x)
        if position_embedding != "none":
            x = _dropout(x, dropout, "position_embedding")
        for number in range(1, num_layers + 1):
            x = _encoder(x, mlp_size, num_heads, dropout, f"encoder{number}")
        # The other tokens aren't looked at, so they aren't normalized.
        x = _norm(x[:, 0], "norm")
        if head == "mlp":
            x = keras.layers.Dense(hidden_size, "tanh", name="pre_logits")(x)
        # The outputs stay float32 under mixed precision.
        logits = keras.layers.Dense(
            num_classes, kernel_initializer="zeros", name="head", dtype="float32"
        )(x)
        super().__init__(image, logits, name=name)
        self.grid = grid
        self.patch_size = patch_size
        self.num_layers = num_layers
        self.hidden_size = hidden_size
        self.mlp_size = mlp_size
        self.num_heads = num_heads
        self.num_classes = num_classes
        self.head = head
        self.position_embedding = position_embedding
        self.dropout = dropout

    def start_from(self, source: keras.Model) -> None:
        """Takes over the weights of another ViT, as before fine-tuning; section 3.2.

        The position embedding is interpolated bilinearly where the size of the images
        differs; the corners of both grids fall on each other, as in the released code,
        and the class token keeps its own. The head is taken over where both networks
        have the same and equally many classes; otherwise it stays as it is, which is
        zero in a fresh network with a linear one.

        Args:
            source: A `ViT` that differs in nothing but the size of the images, the
                head, the number of classes and dropout.

        Raises:
            InputError: If it differs in more.
        """
        if not isinstance(source, ViT):
            kind = type(source).__name__
            raise InputError(f"a ViT starts from another ViT, not from a {kind}")
        own, its = _structure(self), _structure(source)
        for name, value in own.items():
            if its[name] != value:
                raise InputError(
                    f"a ViT starts from one with the same {name}, here {value}, not "
                    f"{its[name]}"
                )
        same_head = (self.head, self.num_classes) == (source.head, source.num_classes)
        for layer in self.layers:
            if layer.name in ("pre_logits", "head") and not same_head:
                continue
            if layer.weights:
                weights = source.get_layer(layer.name).get_weights()
                if isinstance(layer, PositionEmbedding):
                    (tokens,) = weights
                    weights = [_resample_tokens(tokens, source.grid, self.grid)]
                elif isinstance(layer, PositionEmbedding2D):
                    sizes = zip(weights, reversed(self.grid), strict=True)  # x, then y
                    weights = [_resample(x, size) for x, size in sizes]
                layer.set_weights(weights)

    def scaled(
        self, depth: float = 1.0, width: float = 1.0, resolution: float = 1.0
    ) -> "ViT":
        """Returns a fresh network, scaled as EfficientNet scales networks.

        Args:
            depth: Factor of the encoders.
            width: Factor of the channels and of the MLPs' hidden layers. There are so
                many heads that their size stays as near as can be to what it is.
            resolution: Factor of the images' height and width, which are rounded to
                whole patches.
        """
        hidden_size = scale_width(self.hidden_size, width)
        head_size = self.hidden_size // self.num_heads
        small = [
            n for n in range(1, math.isqrt(hidden_size) + 1) if hidden_size % n == 0
        ]
        divisors = sorted({*small, *(hidden_size // n for n in small)})
        *size, channels = scale_input_shape(self.input_shape[1:], resolution)
        patches = [max(1, round(pixels / self.patch_size)) for pixels in size]
        return ViT(
            **self.get_config()
            | {
                "num_layers": scale_depth(self.num_layers, depth),
                "hidden_size": hidden_size,
                "mlp_size": scale_width(self.mlp_size, width),
                "num_heads": min(
                    divisors, key=lambda n: abs(hidden_size / n - head_size)
                ),
                "input_shape": (*(n * self.patch_size for n in patches), channels),
            }
        )

    def attention_rollout(self, images: Tensor) -> np.ndarray:
        """Returns how much the output token attends to each patch.

        Attention rollout: attention is averaged over the heads, half of it is replaced
        by the token itself, for the residual connection, and the layers' matrices are
        multiplied (Abnar and Zuidema, "Quantifying Attention Flow in Transformers",
        2020; figures 6 and 14 of the paper).

        Args:
            images: float32 `[batch, height, width, channels]`, as the network takes
                them.

        Returns:
            float32 `[batch, rows, columns]`, a NumPy array. What is missing to a sum of
            1 stays with the class token.
        """
        layers = [x for x in self.layers if isinstance(x, MultiHeadSelfAttention)]
        inputs = keras.Model(self.input, [layer.input for layer in layers])(images)
        inputs = keras.tree.flatten(inputs)  # Of one layer it is no list.
        # The class token's row of the product, from the last layer to the first.
        rollout = np.eye(1, 1 + self.grid[0] * self.grid[1], dtype="float32")
        for layer, x in zip(reversed(layers), reversed(inputs), strict=True):
            attention = keras.ops.mean(layer.attention(x), axis=1)
            rollout = (rollout + keras.ops.matmul(rollout, attention)) / 2
        rollout = keras.ops.convert_to_numpy(rollout)
        return rollout[:, 0, 1:].reshape(-1, *self.grid)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "patch_size": self.patch_size,
            "num_layers": self.num_layers,
            "hidden_size": self.hidden_size,
            "mlp_size": self.mlp_size,
            "num_heads": self.num_heads,
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "head": self.head,
            "position_embedding": self.position_embedding,
            "dropout": self.dropout,
            "name": self.name,
        }


def _sized(
    size: tuple[int, tuple[int, int, int, int]],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    head: Literal["linear", "mlp"] = "linear",
    position_embedding: Literal["1d", "2d", "none"] = "1d",
    dropout: float = 0.1,
    name: str = "vit",
) -> ViT:
    """{name}, table 1, patches of {size[0]}x{size[0]}; {parameters:,} parameters.

    The arguments are those of `ViT`.
    """
    patch_size, encoder = size
    return ViT(
        patch_size,
        *encoder,
        num_classes=num_classes,
        input_shape=input_shape,
        head=head,
        position_embedding=position_embedding,
        dropout=dropout,
        name=name,
    )


ViTB16 = variant(_sized, "ViTB16", 86_567_656, (16, _BASE))
ViTB32 = variant(_sized, "ViTB32", 88_224_232, (32, _BASE))
ViTL16 = variant(_sized, "ViTL16", 304_326_632, (16, _LARGE))
ViTL32 = variant(_sized, "ViTL32", 306_535_400, (32, _LARGE))
ViTH14 = variant(_sized, "ViTH14", 632_045_800, (14, _HUGE))
