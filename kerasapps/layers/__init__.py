"""Building blocks, one a file, on any Keras backend."""

from kerasapps.layers.fan_in_uniform import FanInUniform as FanInUniform
from kerasapps.layers.rbf_output import RBFOutput as RBFOutput
from kerasapps.layers.scaled_tanh import scaled_tanh as scaled_tanh
from kerasapps.layers.sparsely_connected_conv2d import (
    SparselyConnectedConv2D as SparselyConnectedConv2D,
)
from kerasapps.layers.trainable_subsampling import (
    TrainableSubsampling as TrainableSubsampling,
)
from kerasapps.layers.untied_bias import UntiedBias as UntiedBias
