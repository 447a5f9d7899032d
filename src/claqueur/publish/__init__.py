"""What people see of a run: pseudonyms, pictures, the report, exports."""
