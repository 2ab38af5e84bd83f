"""Login at the hub: OpenID Connect, then the second factor, and the sessions that follow (S76). Only pages of the login
flow live here; whatever a person does after it is the desk's.
"""
