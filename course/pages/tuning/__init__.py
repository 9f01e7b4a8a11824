"""What belongs to the page tuning: its exercises, and its scenes."""
