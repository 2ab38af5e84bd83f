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
)

files = Table(
    "files",
    metadata,
    Column("digest", _Text, primary_key=True, comment="SHA-256 of `content`; a fact names it"),
    Column("owner", _Text, nullable=False, index=True, comment="P-1 or DR-1, whose key seals name and content"),
    Column("name", LargeBinary, nullable=False, comment="sealed"),
    Column("content", LargeBinary, nullable=False, comment="sealed"),
)

meta = Table("meta", metadata, Column("key", _Text, primary_key=True), Column("value", _Text, nullable=False))
