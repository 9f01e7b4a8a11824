"""What belongs to the page the_papers: its exercises, and its scenes."""
