"""Makes what lies in `models/names/`: the lists and the name recogniser."""
