"""What belongs to the page training: its exercises, and its scenes."""
