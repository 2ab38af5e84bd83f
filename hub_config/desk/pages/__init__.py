"""The desk's pages, one module per area; the templates have the same names."""
