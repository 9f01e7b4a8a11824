"""What belongs to the page whats_wrong: its exercises, and its scenes."""
