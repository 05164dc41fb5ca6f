"""Programs that run beside the workers, each `python -m processes.X`, and what starts them."""
