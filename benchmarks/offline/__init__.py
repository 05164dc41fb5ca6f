"""The stages of the pipeline at several sizes: seconds, processor time and memory of each."""
