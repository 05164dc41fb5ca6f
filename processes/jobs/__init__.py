"""Jobs beside the service that run a stage of the pipeline: trainings and refreshes."""
