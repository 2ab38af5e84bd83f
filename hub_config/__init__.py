"""The JupyterHub face of Sluis, and the only place where everything meets."""
