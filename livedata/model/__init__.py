"""The nouns every stage shares: frozen, without I/O, importing nothing of livedata but one another."""
