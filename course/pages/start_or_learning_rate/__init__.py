"""What belongs to the page start_or_learning_rate: its exercises, and its scenes."""
