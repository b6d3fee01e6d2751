"""Which client is calling: its signed token, its keys, and tokens that were used already."""
