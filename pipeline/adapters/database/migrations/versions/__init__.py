"""One file a migration, applied in the order of `down_revision`."""
