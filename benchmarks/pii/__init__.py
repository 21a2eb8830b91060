"""How much PII the detection finds, how much it wrongly hides, and how that compares."""
