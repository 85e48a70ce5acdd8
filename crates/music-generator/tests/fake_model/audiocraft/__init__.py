"""A stand-in for AudioCraft in tests: the same functions, a seeded tone, no model."""
