"""Parts of the working report: one section a file."""
