"""What belongs to the page width: its exercises, its scenes, and its pictures."""
