"""What belongs to the page xavier: its exercises, and its scenes."""
