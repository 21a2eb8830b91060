"""Implementations of the ports. Only `pipeline.bootstrap` imports them."""
