"""What belongs to the page transformers: its explorers, its exercises, and its scenes."""
