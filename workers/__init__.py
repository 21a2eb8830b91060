"""Processes around the pipeline: the worker that RQ wakes, and maintenance."""
