"""What belongs to the page start_here: its exercises, and its scenes."""
