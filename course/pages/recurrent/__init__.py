"""What belongs to the page recurrent: its explorers, its exercises, and its scenes."""
