"""Pure functions on arrays and frames, which both halves call: no state, no files, no Keras."""
