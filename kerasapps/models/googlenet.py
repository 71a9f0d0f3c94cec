"""GoogLeNet: "Going Deeper with Convolutions".

https://arxiv.org/abs/1409.4842
"""

import string
from collections.abc import Sequence
from typing import Any

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import LocalResponseNormalization
from kerasapps.layers.annotations import ImageShape, Tensor
from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width
from kerasapps.models.paper import Paper

# Table 1: #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5 and pool proj of the inception
# modules, stage by stage; a max-pooling layer comes before each stage.
INCEPTION = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)

# Section 5: how much the losses of the auxiliary classifiers count.
AUXILIARY_WEIGHT = 0.3


def _convolution(x, filters, size, name, strides=1):
    return keras.layers.Conv2D(
        filters, size, strides, padding="same", activation="relu", name=name
    )(x)


def _max_pool(x, name, strides=2):
    return keras.layers.MaxPooling2D(3, strides, padding="same", name=name)(x)


def _inception(x, widths, name):
    """An inception module with dimension reductions, figure 2b."""
    one, reduce_3, three, reduce_5, five, projection = widths
    paths = [
        _convolution(x, one, 1, f"{name}_1x1"),
        _convolution(
            _convolution(x, reduce_3, 1, f"{name}_3x3_reduce"), three, 3, f"{name}_3x3"
        ),
        _convolution(
            _convolution(x, reduce_5, 1, f"{name}_5x5_reduce"), five, 5, f"{name}_5x5"
        ),
        _convolution(
            _max_pool(x, f"{name}_pool", 1), projection, 1, f"{name}_pool_proj"
        ),
    ]
    return keras.layers.Concatenate(name=f"{name}_output")(paths)


def _linear(x, num_classes, name):
    # The outputs stay float32 under mixed precision.
    return keras.layers.Dense(num_classes, name=name, dtype="float32")(x)


def _auxiliary_classifier(maps, num_classes, name):
    """The classifier on top of `maps` (section 5), a model of its own."""
    maps = keras.Input(maps.shape[1:], name=f"{name}_maps", dtype=maps.dtype)
    x = keras.layers.AveragePooling2D(5, 3, name=f"{name}_pool")(maps)
    x = _convolution(x, 128, 1, f"{name}_conv")
    x = keras.layers.Flatten(name=f"{name}_flatten")(x)
    x = keras.layers.Dense(1024, activation="relu", name=f"{name}_fc")(x)
    x = keras.layers.Dropout(0.7, name=f"{name}_dropout")(x)
    return keras.Model(maps, _linear(x, num_classes, f"{name}_classifier"), name=name)


# Maps of an inception module's six convolutions, as table 1 has them.
_Widths = tuple[int, int, int, int, int, int]


@keras.saving.register_keras_serializable("kerasapps")
class GoogLeNet(keras.Model):
    """GoogLeNet, table 1 and figure 3.

    6,998,552 parameters at inference; 13,378,280 with the two auxiliary classifiers,
    which are there in training alone. They stand on the first and on the second to last
    inception module of the second stage: on 4a and 4d. Called in training, the network
    puts out a list of three logits, its own and theirs. The loss is that of its own
    plus 0.3 times each of theirs; metrics see its own. Otherwise it puts out its own
    alone, and neither computes nor exports the auxiliary classifiers.

    Convolutions and max-pooling pad as TensorFlow's "same", which figure 3 marks by
    (S). The constants of the local response normalization, which the paper doesn't
    print, are those of AlexNet.

    Args:
        num_classes: Number of classes.
        input_shape: Height, width and channels of the images. Without auxiliary
            classifiers height and width may be None; with them they are at least 65.
        auxiliary_classifiers: Whether there are the two auxiliary classifiers.
        stem: Channels of the three convolutions before the inception modules.
        inception: The inception modules, stage by stage: for each of them its numbers
            #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5 and pool proj in table 1.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`; in training with auxiliary
    classifiers, the list of three such.

    Raises:
        InputError: If the images are too small, or there is no second stage, for the
            auxiliary classifiers.
    """

    paper = Paper(
        title="Going Deeper with Convolutions",
        authors="Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, "
        "Rabinovich",
        year=2014,
        url="https://arxiv.org/abs/1409.4842",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        num_classes: int = 1000,
        input_shape: ImageShape = (224, 224, 3),
        auxiliary_classifiers: bool = True,
        stem: tuple[int, int, int] = (64, 64, 192),
        inception: Sequence[Sequence[_Widths]] = INCEPTION,
        name: str = "googlenet",
    ):
        size = "x".join(map(str, input_shape[:2]))
        # Their pooling takes 5x5 maps of the 16th part of the image.
        if auxiliary_classifiers and any(s is None or s < 65 for s in input_shape[:2]):
            raise InputError(
                "GoogLeNet with auxiliary classifiers needs images of a fixed size of "
                f"at least 65x65, not {size}; auxiliary_classifiers=False takes any"
            )
        if auxiliary_classifiers and len(inception) < 2:
            raise InputError(
                "the auxiliary classifiers of GoogLeNet stand on its second stage, "
                "but inception has one; give auxiliary_classifiers=False"
            )
        image = keras.Input(input_shape, name="image", dtype="float32")
        x = _convolution(image, stem[0], 7, "conv1", strides=2)
        x = _max_pool(x, "pool1")
        x = LocalResponseNormalization(name="norm1")(x)
        x = _convolution(x, stem[1], 1, "conv2_reduce")
        x = _convolution(x, stem[2], 3, "conv2")
        x = LocalResponseNormalization(name="norm2")(x)
        modules = []
        for stage, rows in enumerate(inception, 3):
            x = _max_pool(x, f"pool{stage - 1}")
            modules.append([])
            for i, row in enumerate(rows):
                # a to z, and aa to zz where depth is scaled as far as that.
                letter = string.ascii_lowercase[i % 26] * (i // 26 + 1)
                x = _inception(x, row, f"inception_{stage}{letter}")
                modules[-1].append(x)
        pooled = keras.layers.GlobalAveragePooling2D(name="pool5")(x)
        x = keras.layers.Dropout(0.4, name="dropout")(pooled)
        logits = _linear(x, num_classes, "classifier")
        super().__init__(image, logits, name=name)
        self.num_classes = num_classes
        self.stem = tuple(stem)
        self.inception = tuple(tuple(map(tuple, rows)) for rows in inception)
        self.auxiliary_classifiers = []
        if auxiliary_classifiers:
            maps = modules[1][0], modules[1][max(0, len(modules[1]) - 2)]
            self.auxiliary_classifiers = [
                _auxiliary_classifier(m, num_classes, f"auxiliary{i}")
                for i, m in enumerate(maps, 1)
            ]
            # Not a model, for its layers are those of this one. It runs them as they
            # are at inference, so it ends before the dropout.
            self._with_maps = keras.Function(image, [pooled, *maps])

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Any = None
    ) -> Tensor | list[Tensor]:
        """Returns the logits; in training the list of them and the auxiliary ones."""
        if not (training and self.auxiliary_classifiers):
            return super().call(inputs, training=training, mask=mask)
        image = keras.ops.convert_to_tensor(inputs, self.input.dtype)
        pooled, *maps = self._with_maps(image)
        dropped = self.get_layer("dropout")(pooled, training=True)
        logits = self.get_layer("classifier")(dropped)
        pairs = zip(self.auxiliary_classifiers, maps, strict=True)
        return [logits, *(head(m, training=True) for head, m in pairs)]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Returns the loss, in training with 0.3 times each auxiliary one."""
        # No layer here adds a loss by itself, which would count three times.
        logits, *auxiliary = y_pred if isinstance(y_pred, list) else [y_pred]
        loss = super().compute_loss(x, y, logits, sample_weight, training)
        for logits in auxiliary:
            loss += AUXILIARY_WEIGHT * super().compute_loss(
                x, y, logits, sample_weight, training
            )
        return loss

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Updates the metrics by the network's own logits."""
        logits = y_pred[0] if isinstance(y_pred, list) else y_pred
        return super().compute_metrics(x, y, logits, sample_weight)

    def export(self, *args: Any, **kwargs: Any) -> None:
        """Exports the network as it is at inference; see `keras.Model.export`."""
        keras.Model(self.input, self.output).export(*args, **kwargs)

    def scaled(
        self, depth: float = 1.0, width: float = 1.0, resolution: float = 1.0
    ) -> "GoogLeNet":
        """Returns a fresh network, scaled as EfficientNet scales networks.

        Args:
            depth: Factor of the inception modules of each stage; each is repeated about
                as often as the others.
            width: Factor of the channels, except those of the auxiliary classifiers.
            resolution: Factor of the images' height and width.
        """

        def scaled_stage(rows):
            repeats = scale_depth(len(rows), depth)
            rows = [rows[i * len(rows) // repeats] for i in range(repeats)]
            return [[scale_width(n, width) for n in row] for row in rows]

        return GoogLeNet(
            **self.get_config()
            | {
                "stem": [scale_width(n, width) for n in self.stem],
                "inception": [scaled_stage(rows) for rows in self.inception],
                "input_shape": scale_input_shape(self.input_shape[1:], resolution),
            }
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "auxiliary_classifiers": bool(self.auxiliary_classifiers),
            "stem": self.stem,
            "inception": self.inception,
            "name": self.name,
        }
