"""The warden keeps reality equal to policy: what runs without ground is ended, what may not be reached has no route."""
