"""Building blocks, one a file, on any Keras backend."""

from kerasapps.layers.batch_normalization import (
    BatchNormalization as BatchNormalization,
)
from kerasapps.layers.class_token import ClassToken as ClassToken
from kerasapps.layers.fan_in_uniform import FanInUniform as FanInUniform
from kerasapps.layers.local_response_normalization import (
    LocalResponseNormalization as LocalResponseNormalization,
)
from kerasapps.layers.multi_head_self_attention import (
    MultiHeadSelfAttention as MultiHeadSelfAttention,
)
from kerasapps.layers.position_embedding import PositionEmbedding as PositionEmbedding
from kerasapps.layers.position_embedding_2d import (
    PositionEmbedding2D as PositionEmbedding2D,
)
from kerasapps.layers.rbf_output import RBFOutput as RBFOutput
from kerasapps.layers.scaled_tanh import scaled_tanh as scaled_tanh
from kerasapps.layers.sparsely_connected_conv2d import (
    SparselyConnectedConv2D as SparselyConnectedConv2D,
)
from kerasapps.layers.stochastic_depth import StochasticDepth as StochasticDepth
from kerasapps.layers.trainable_subsampling import (
    TrainableSubsampling as TrainableSubsampling,
)
from kerasapps.layers.untied_bias import UntiedBias as UntiedBias
