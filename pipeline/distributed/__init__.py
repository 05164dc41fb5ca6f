"""The engine for many cores or machines: the stages' functions on buckets of rows, by Ray Data."""
