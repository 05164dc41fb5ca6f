"""Pure functions on arrays and frames: no state, no Flask, no Keras.

One module is the exception to "no files": `artifacts` is the one door through
which files cross between the offline and the online half.
"""
