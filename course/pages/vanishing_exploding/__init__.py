"""What belongs to the page vanishing_exploding: its exercises, and its scenes."""
