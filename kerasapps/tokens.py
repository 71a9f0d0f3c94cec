"""The numbers of the tokens that every vocabulary has."""

PADDING, BEGIN, END, UNKNOWN = range(4)
