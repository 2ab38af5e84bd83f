"""What is true and what is allowed. Knows nothing of JupyterHub, Kubernetes or HTTP."""
