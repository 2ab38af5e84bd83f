"""From a decision to a running workspace, and back."""
