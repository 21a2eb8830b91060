"""How the bundled models are made, from public tools, texts and templates."""
