"""The database's tables: two insert-only streams with their tree heads, and the mutable records beside them.

The streams refuse UPDATE, DELETE and any INSERT that is not the next row (AUD-11): by triggers (`migrations/guards.py`)
and, on PostgreSQL, by rights too. Times are text, RFC 3339 in UTC with six decimals and `Z`, so that the order of the
texts is the order of the times. A log that exists comes to what stands here by the steps in `migrations/`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

metadata = MetaData()
_Text = String().with_variant(String(collation="C"), "postgresql")  # ordered by its bytes, as on SQLite
_Number = BigInteger().with_variant(Integer(), "sqlite")  # an INTEGER primary key is SQLite's row id


def _stream(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("seq", _Number, primary_key=True, autoincrement=False, comment="from 1, without gaps"),
        Column("at", _Text, nullable=False),
        Column("actor", _Text, nullable=False, comment="JSON"),
        Column("kind", _Text, nullable=False, comment="the event's class name"),
        Column("payload", LargeBinary, nullable=False, comment="JSON, personal texts sealed"),
        Column("leaf", LargeBinary, nullable=False, comment="RFC 6962 leaf hash of the columns before it"),
    )


def _heads(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("size", _Number, primary_key=True, autoincrement=False, comment="leaves; one head after each append"),
        Column("root", LargeBinary, nullable=False, comment="RFC 6962 root hash"),
        Column("frontier", LargeBinary, nullable=False, comment="the compact range that the next append starts from"),
    )


facts = _stream("facts")
fact_heads = _heads("fact_heads")
observations = _stream("observations")
observation_heads = _heads("observation_heads")

sealing_keys = Table(
    "sealing_keys",
    metadata,
    Column("owner", _Text, primary_key=True, comment="P-1 or DR-1"),
    Column("wrapped", LargeBinary, comment="under the master key; NULL once erased, so that none is made again"),
)

factors = Table(
    "factors",
    metadata,
    Column("factor", _Text, primary_key=True),
    Column("person", _Text, nullable=False, index=True),
    Column("kind", _Text, nullable=False),
    Column("secret", LargeBinary, nullable=False, comment="sealed with the person's key"),
    Column("last_step", BigInteger, comment="RFC 6238 time step of the newest accepted code"),
    Column("failures", Integer, nullable=False, comment="wrong codes since the last right one"),
    Column("enrolled_at", _Text, nullable=False),
    Column("pending", Boolean, nullable=False, comment="until the first right code"),
    Column("name", LargeBinary, comment="what the person calls it, sealed"),
    Column("last_used", _Text),
    Column("failed_at", _Text, comment="when the newest wrong code came"),
    Column("credential", _Text, comment="SHA-256 of a passkey's credential id; everybody's are different"),
    Column("sign_count", BigInteger, comment="a passkey's signature counter"),
    Index("factors_by_credential", "credential", unique=True),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("factor", _Text, primary_key=True),
    Column("digest", _Text, primary_key=True, comment="SHA-256 of a code of at least 100 random bits"),
    Column("person", _Text, nullable=False, index=True),
    Column("used_at", _Text),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session", _Text, primary_key=True, comment="SHA-256 of the token"),
    Column("person", _Text, nullable=False),
    Column("begun", _Text, nullable=False),
    Column("factor_kind", _Text, nullable=False),
    Column("factor_at", _Text, nullable=False),
    Column("zone", _Text, nullable=False),
    Column("ends", _Text, nullable=False),
    Column("ended_at", _Text),
    Column("ended_why", _Text),
    Column("proof", _Text, comment="id of the second factor that was given; NULL in logins of an older release"),
    Column("provider", _Text, comment="the login provider's name; NULL in logins of an older release, as below"),
    Column("factor", _Text, comment="which second factor was given"),
    Column("assurance", _Text, comment="the level that the provider stated"),
    Column("last_activity", _Text),
    Column("idle_ends", _Text, comment="when it ends unless the person does something"),
    Column("inside_until", _Text, comment="up to when it counts as inside the institute's network"),
    Index("sessions_by_person", "person", "ended_at", "begun"),
    Index("sessions_by_end", "ended_at", "ends"),
)

pending_logins = Table(
    "pending_logins",
    metadata,
    Column("nonce", _Text, primary_key=True, comment="SHA-256 of the nonce"),
    Column("person", _Text, nullable=False),
    Column("created", _Text, nullable=False),
    Column("expires", _Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("kind", _Text, nullable=False),
    Column("provider", _Text, comment="the login provider's name"),
    Column("identity", _Text, comment="HMAC of issuer and subject"),
    Column("claims", LargeBinary, comment="what the provider said, sealed with the nonce that the browser holds"),
    Column("session", _Text, comment="SHA-256 of the token of the session that asks for a fresh proof"),
)

step_up_asks = Table(
    "step_up_asks",
    metadata,
    Column("token", _Text, primary_key=True, comment="SHA-256 of what the browser carries"),
    Column("person", _Text, nullable=False, index=True),
    Column("session", _Text, nullable=False, comment="SHA-256 of the session's token"),
    Column("command", _Text, nullable=False, comment="SHA-256 of the command in its one form"),
    Column("form", LargeBinary, nullable=False, comment="the command in its one form, sealed with the person's key"),
    Column("back", _Text, nullable=False, comment="where the browser goes on"),
    Column("created", _Text, nullable=False),
    Column("expires", _Text, nullable=False),
)

step_ups = Table(
    "step_ups",
    metadata,
    Column("token", _Text, primary_key=True, comment="SHA-256 of what the browser brings back"),
    Column("person", _Text, nullable=False, index=True),
    Column("session", _Text, nullable=False, comment="SHA-256 of the session's token"),
    Column("command", _Text, nullable=False, comment="SHA-256 of the one command, in its canonical form"),
    Column("proof", _Text, nullable=False, comment="id of the second factor that was given"),
    Column("factor", _Text, nullable=False),
    Column("created", _Text, nullable=False),
    Column("expires", _Text, nullable=False),
    Column("used", _Text),
)

files = Table(
    "files",
    metadata,
    Column("digest", _Text, primary_key=True, comment="SHA-256 of `content`; a fact names it"),
    Column("owner", _Text, nullable=False, index=True, comment="P-1 or DR-1, whose key seals name and content"),
    Column("name", LargeBinary, nullable=False, comment="sealed"),
    Column("content", LargeBinary, nullable=False, comment="sealed"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("draft", _Text, primary_key=True, comment="random; nobody but its person finds it"),
    Column("person", _Text, nullable=False, index=True),
    Column("content", LargeBinary, nullable=False, comment="JSON, sealed with the person's key"),
    Column("changed", _Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Text, primary_key=True, comment="random; the Message-ID rests on it"),
    Column("key", _Text, nullable=False, comment="the same whenever the same is to be said; never holds an address"),
    Column("owner", _Text, nullable=False, index=True, comment="P-1 or DR-1, whose key seals address and content"),
    Column("seq", BigInteger, nullable=False, comment="the fact that it follows from"),
    Column("template", _Text, nullable=False),
    Column("address", LargeBinary, comment="sealed; NULL once it is settled"),
    Column("content", LargeBinary, comment="JSON, sealed; NULL once it is settled"),
    Column("created", _Text, nullable=False),
    Column("due", _Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", _Text, nullable=False),
    Column("claim", _Text, comment="the random word of the sender that held it last"),
    Column("held_until", _Text),
    Column("settled", _Text),
    Column("answer", Integer, comment="the mail server's last answer"),
    Column("message_id", _Text),
    Index("outbox_by_key", "key", unique=True),
    Index("outbox_by_state", "state", "due"),
)

outbox_reach = Table(
    "outbox_reach",
    metadata,
    Column("name", _Text, primary_key=True, comment="facts"),
    Column("seq", BigInteger, nullable=False, comment="up to here they are in the outbox; no row is 0"),
    Column("doubtful", BigInteger, nullable=False, comment="up to here nobody knows what was sent, after a restore"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", _Text, primary_key=True),
    Column("holder", _Text, nullable=False, comment="which process, by a word that no other has"),
    Column("fence", BigInteger, nullable=False, comment="grows with each new holder"),
    Column("until", _Text, nullable=False, comment="when it lapses unless it is renewed"),
)

meta = Table("meta", metadata, Column("key", _Text, primary_key=True), Column("value", _Text, nullable=False))
