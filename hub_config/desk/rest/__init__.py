"""The REST API by the parts of the desk; each module has the same as pages of `pages/`."""
