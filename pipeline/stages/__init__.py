"""The steps of a recording's way, one a file: typed, without side effects."""
