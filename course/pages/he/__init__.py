"""What belongs to the page he: its exercises, and its scenes."""
