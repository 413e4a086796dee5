"""What a change of the documentation does to the questions that people have asked."""
