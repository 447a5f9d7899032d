"""Sections of the document, one a file: each module with a ``SECTION`` is a member."""
