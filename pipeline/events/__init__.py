"""Stage `events`: what users have done in the service, as raw reviews."""
