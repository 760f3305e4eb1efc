"""Getting records in and out: the import format, the export, the starter corpus."""
