"""Every file format and every atomic write of the service and the pipeline."""
