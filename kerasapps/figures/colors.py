"""Colours that every reader can tell apart.

Of Okabe and Ito's palette for colour-blind readers
(https://jfly.uni-koeln.de/color/): blue and orange differ in lightness too, so that
they survive a grey print.
"""

BLUE = "#0072B2"
ORANGE = "#E69F00"
VERMILION = "#D55E00"
GREEN = "#009E73"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
BLACK = "#000000"

PALETTE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK)
