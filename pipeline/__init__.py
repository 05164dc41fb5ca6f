"""The offline half: from raw reviews to the artifacts that the service loads.

Run it with `python -m pipeline`; `python -m pipeline --help` explains the stages.
"""
