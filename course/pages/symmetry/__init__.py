"""What belongs to the page symmetry: its exercises, and its scenes."""
