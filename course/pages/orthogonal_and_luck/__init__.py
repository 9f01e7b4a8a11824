"""What belongs to the page orthogonal_and_luck: its exercises, and its scenes."""
