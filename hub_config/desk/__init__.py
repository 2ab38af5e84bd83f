"""The desk: pages and REST API for everyone who takes part. Every change is a command of `access_policy`, nothing else.

Pages, forms and templates decide nothing: what a person sees and is offered comes from the permission table
(`sight.py`), what holds and what is missing from `decide`. `app.serve` runs it as an external service of the hub.
"""
