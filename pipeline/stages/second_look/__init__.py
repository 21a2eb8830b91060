"""What the residual check looks with: code and lists of its own, so that no fault of the detection
can blind both. Nothing in here may import adapters, spoken forms, identities or name lists."""
