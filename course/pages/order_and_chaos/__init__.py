"""What belongs to the page order_and_chaos: its exercises, and its scenes."""
