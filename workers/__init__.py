"""RQ workers: they take call ids from the queue and hand them to `pipeline.usecases`."""
