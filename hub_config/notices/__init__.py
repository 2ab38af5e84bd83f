"""Notices that go out by mail: from the facts into the outbox (`collector.py`), and from there to the mail server.

Who is told what is decided in `access_policy.notices`, and what waits stands in `access_policy.log.outbox`. Here are
the words (`letters.py`, `templates/`), when a mail is tried again (`schedule.py`), the talk with the server
(`smtp.py`), and the loop in the desk's process (`sender.py`). A notice is sent once or not at all; where nobody can
know which, it is told and not sent again by itself.
"""
