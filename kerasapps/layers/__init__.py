"""Building blocks, one a file, on any Keras backend."""

from kerasapps.layers.adaptive_instance_normalization import (
    AdaptiveInstanceNormalization as AdaptiveInstanceNormalization,
)
from kerasapps.layers.additive_attention import AdditiveAttention as AdditiveAttention
from kerasapps.layers.batch_normalization import (
    BatchNormalization as BatchNormalization,
)
from kerasapps.layers.blur2d import Blur2D as Blur2D
from kerasapps.layers.class_token import ClassToken as ClassToken
from kerasapps.layers.equalized import EqualizedConv2D as EqualizedConv2D
from kerasapps.layers.equalized import EqualizedDense as EqualizedDense
from kerasapps.layers.fade_in import FadeIn as FadeIn
from kerasapps.layers.fan_in_uniform import FanInUniform as FanInUniform
from kerasapps.layers.gated_recurrent_unit import (
    GatedRecurrentUnit as GatedRecurrentUnit,
)
from kerasapps.layers.input_dropout import InputDropout as InputDropout
from kerasapps.layers.learned_constant import LearnedConstant as LearnedConstant
from kerasapps.layers.local_response_normalization import (
    LocalResponseNormalization as LocalResponseNormalization,
)
from kerasapps.layers.maxout import Maxout as Maxout
from kerasapps.layers.minibatch_standard_deviation import (
    MinibatchStandardDeviation as MinibatchStandardDeviation,
)
from kerasapps.layers.multi_head_attention import (
    MultiHeadAttention as MultiHeadAttention,
)
from kerasapps.layers.multi_head_self_attention import (
    MultiHeadSelfAttention as MultiHeadSelfAttention,
)
from kerasapps.layers.nadaraya_watson import NadarayaWatson as NadarayaWatson
from kerasapps.layers.noise_image import NoiseImage as NoiseImage
from kerasapps.layers.noise_injection import NoiseInjection as NoiseInjection
from kerasapps.layers.pixel_normalization import (
    PixelNormalization as PixelNormalization,
)
from kerasapps.layers.position_embedding import PositionEmbedding as PositionEmbedding
from kerasapps.layers.position_embedding_2d import (
    PositionEmbedding2D as PositionEmbedding2D,
)
from kerasapps.layers.rbf_output import RBFOutput as RBFOutput
from kerasapps.layers.scaled_dot_product_attention import (
    scaled_dot_product_attention as scaled_dot_product_attention,
)
from kerasapps.layers.scaled_tanh import scaled_tanh as scaled_tanh
from kerasapps.layers.sinusoidal_positions import (
    sinusoidal_positions as sinusoidal_positions,
)
from kerasapps.layers.sparsely_connected_conv2d import (
    SparselyConnectedConv2D as SparselyConnectedConv2D,
)
from kerasapps.layers.stochastic_depth import StochasticDepth as StochasticDepth
from kerasapps.layers.trainable_subsampling import (
    TrainableSubsampling as TrainableSubsampling,
)
from kerasapps.layers.untied_bias import UntiedBias as UntiedBias
