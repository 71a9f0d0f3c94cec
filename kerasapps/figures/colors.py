"""Colours that every reader can tell apart.

Of Okabe and Ito's palette for colour-blind readers
(https://jfly.uni-koeln.de/color/): these two differ in lightness too, so that they
survive a grey print.
"""

BLUE = "#0072B2"
ORANGE = "#E69F00"
VERMILION = "#D55E00"
