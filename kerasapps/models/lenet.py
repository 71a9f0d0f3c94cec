"""LeNet-5: "Gradient-Based Learning Applied to Document Recognition".

https://doi.org/10.1109/5.726791
"""

from typing import Any, Literal

import keras
import numpy as np

from kerasapps import memory
from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import (
    FanInUniform,
    RBFOutput,
    SparselyConnectedConv2D,
    TrainableSubsampling,
    scaled_tanh,
)
from kerasapps.layers.annotations import ImageShape, Tensor
from kerasapps.models.paper import Paper

# Table I: which maps of S2 each of the 16 maps of C3 takes its input from.
C3_CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5)),
    *((0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)

# Stylised digits, 7 wide and 12 high, after figure 3.
DIGITS = (
    """
    ..###..  ...##..  .#####.  .#####.  ....##.
    .#####.  ..###..  #######  #######  ...###.
    ##...##  .####..  ##...##  ##...##  ..####.
    ##...##  ...##..  .....##  .....##  ..#.##.
    ##...##  ...##..  ....##.  ....##.  .##.##.
    ##...##  ...##..  ...##..  ..####.  .#..##.
    ##...##  ...##..  ..##...  ..#####  ##..##.
    ##...##  ...##..  .##....  .....##  #######
    ##...##  ...##..  ##.....  .....##  #######
    ##...##  ...##..  ##.....  ##...##  ....##.
    .#####.  .######  #######  #######  ....##.
    ..###..  .######  #######  .#####.  ....##.
    """,
    """
    #######  ..####.  #######  .#####.  .#####.
    #######  .#####.  #######  #######  #######
    ##.....  ##.....  .....##  ##...##  ##...##
    ##.....  ##.....  .....##  ##...##  ##...##
    ######.  ##.....  ....##.  ##...##  ##...##
    #######  ######.  ....##.  .#####.  #######
    .....##  #######  ...##..  .#####.  .######
    .....##  ##...##  ...##..  ##...##  .....##
    .....##  ##...##  ..##...  ##...##  .....##
    ##...##  ##...##  ..##...  ##...##  .....##
    #######  #######  .##....  #######  .#####.
    .#####.  .#####.  .##....  .#####.  .####..
    """,
)


def class_codes(num_classes: int) -> np.ndarray:
    """Returns the codes of the RBF output, +1 and -1, `[num_classes, 84]`.

    Ten classes get the bitmaps of the digits, row by row. Any other number gets codes
    drawn by chance, which the paper names as the other possibility (section II.B); they
    are the same in every process.
    """
    if num_classes != 10:
        # What is drawn, and the codes.
        memory.check(2 * 8 * 84 * num_classes, f"{num_classes:,} codes", "num_classes")
        return np.random.default_rng(1998).choice((-1.0, 1.0), (num_classes, 84))
    codes = []
    for five in DIGITS:
        rows = [line.split() for line in five.strip().splitlines()]
        codes += ["".join(bitmap) for bitmap in zip(*rows, strict=True)]
    return np.where(np.array([list(code) for code in codes]) == "#", 1.0, -1.0)


@keras.saving.register_keras_serializable("kerasapps")
class LeNet5(keras.Model):
    """LeNet-5, section II.B and figure 2; 60,000 trainable parameters.

    All units up to F6 are squashed by the scaled tanh. Weights start uniform in
    +-2.4 / fan-in (appendix A), where the fan-in of a C3 map counts the maps that it
    sees; biases start at zero.

    With the RBF output, the network's outputs are the penalties of equation 7 with
    their sign changed: like other logits, the greatest wins. Their loss is
    `paper_loss()`. With `output="softmax"` only the output layer differs: it is a dense
    layer, and its logits go with cross-entropy.

    Args:
        num_classes: Number of classes.
        input_shape: Height and width, at least 32, and channels of the images. The
            paper's images are -0.1 where white and 1.175 where black. Where images are
            larger than the paper's 32x32, the maps of C5 are flattened.
        output: "rbf", as the paper has it, or "softmax".
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If the images are too small, or `output` isn't one of the two.
    """

    paper = Paper(
        title="Gradient-Based Learning Applied to Document Recognition",
        authors="LeCun, Bottou, Bengio, Haffner",
        year=1998,
        url="https://doi.org/10.1109/5.726791",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        num_classes: int = 10,
        input_shape: ImageShape = (32, 32, 1),
        output: Literal["rbf", "softmax"] = "rbf",
        name: str = "lenet5",
    ):
        if None in input_shape or min(input_shape[:2]) < 32:
            fixed = None not in input_shape
            size = "x".join(map(str, input_shape[:2])) if fixed else "of any size"
            raise InputError(
                f"LeNet5 needs images of a fixed size of at least 32x32, not {size}"
            )

        def squashed(layer, *args, **kwargs):
            return layer(
                *args,
                activation=scaled_tanh,
                kernel_initializer=FanInUniform(),
                **kwargs,
            )

        image = keras.Input(input_shape, name="image", dtype="float32")
        x = squashed(keras.layers.Conv2D, 6, 5, name="C1")(image)
        x = TrainableSubsampling(activation=scaled_tanh, name="S2")(x)
        x = squashed(SparselyConnectedConv2D, C3_CONNECTIONS, 5, name="C3")(x)
        x = TrainableSubsampling(activation=scaled_tanh, name="S4")(x)
        x = squashed(keras.layers.Conv2D, 120, 5, name="C5")(x)
        x = keras.layers.Flatten(name="flatten")(x)
        x = squashed(keras.layers.Dense, 84, name="F6")(x)
        # The outputs stay float32 under mixed precision.
        if output == "rbf":
            codes = class_codes(num_classes)
            logits = -RBFOutput(codes, name="output", dtype="float32")(x)
        else:
            logits = keras.layers.Dense(
                num_classes,
                kernel_initializer=FanInUniform(),
                name="output",
                dtype="float32",
            )(x)
        super().__init__(image, logits, name=name)
        self.num_classes = num_classes
        self.output_kind = output

    def paper_loss(self) -> "MAPLoss | None":
        """Returns the paper's loss; None for the softmax output, which it lacks."""
        return MAPLoss() if self.output_kind == "rbf" else None

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "output": self.output_kind,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class MAPLoss(keras.losses.Loss):
    """The maximum a posteriori criterion, equation 9.

    `y_target + log(exp(-j) + sum_i exp(-y_i))`, where the `y_i` are the penalties of
    the classes, the logits with their sign changed. It pulls the penalty of the right
    class down and pushes those of the others up, as long as they compete with the
    constant `j`: the penalty of a "rubbish" class that keeps what is already large from
    being pushed further.

    `y_true`: class indices, of shape `[batch]` or `[batch, 1]`.

    `y_pred`: logits, of shape `[batch, num_classes]`.

    Args:
        j: Penalty of the rubbish class, positive. The paper doesn't print the value
            it used.
        **kwargs: Arguments of `keras.losses.Loss`.
    """

    def __init__(self, j: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.j = j

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Returns the loss of each example, `[batch]`."""
        # log(exp(-j) + exp(a)) = a + softplus(-j - a); the cross-entropy has the a.
        label = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
        cross_entropy = keras.ops.sparse_categorical_crossentropy(
            label, y_pred, from_logits=True
        )
        competitors = keras.ops.logsumexp(y_pred, axis=-1)
        return cross_entropy + keras.ops.softplus(-self.j - competitors)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "j": self.j}
