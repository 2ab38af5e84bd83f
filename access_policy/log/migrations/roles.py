"""Gives the components' roles on PostgreSQL the rights that `rights.py` names, and no others (AUD-11).

A role that is there is kept, with its password; one that could pass by all rights is refused. A role that is made here
has no password: it logs in where the server's `pg_hba.conf` lets it, or once the operator has given it one.
"""

from collections.abc import Iterator
from hashlib import sha256

from sqlalchemy import Connection

from access_policy.log.errors import LogUnavailable
from access_policy.log.rights import EVERYBODY, OPERATOR, ROLES, Kinds

_NAMES = ", ".join(role.name for role in ROLES)
_MIGHTY = (
    "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY (string_to_array('{names}', ', ')) "
    "AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR pg_has_role(oid, current_user, 'MEMBER'))"
)
_MAKE = (
    "DO $$ BEGIN CREATE ROLE {name} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS; "
    "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
)
_OF_DATABASE = (
    "DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %%I FROM PUBLIC, {names}', current_database()); "
    "EXECUTE format('GRANT CONNECT ON DATABASE %%I TO {names}', current_database()); END $$"
)


def give(connection: Connection) -> None:
    """Make the roles where they are not there, and set what each may do. Raises LogUnavailable for a mighty role."""
    known = set(connection.exec_driver_sql("SELECT rolname FROM pg_catalog.pg_roles").scalars())
    for role in ROLES:
        if role.name not in known:
            connection.exec_driver_sql(_MAKE.format(name=role.name))
    mighty = connection.exec_driver_sql(_MIGHTY.format(names=_NAMES)).scalar()
    if mighty is not None:
        raise LogUnavailable(f"role `{mighty}` can pass by its rights; take its attributes and memberships away")
    connection.exec_driver_sql(_OF_DATABASE.format(names=_NAMES))
    for statement in _statements():
        connection.exec_driver_sql(statement)


def digest() -> str:
    """Return what tells one release's rights from another's."""
    return sha256("\n".join(_statements()).encode()).hexdigest()


def _statements() -> Iterator[str]:
    yield f"REVOKE ALL ON SCHEMA public FROM PUBLIC, {_NAMES}"
    yield f"GRANT USAGE ON SCHEMA public TO {_NAMES}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {_NAMES}"
    yield f"GRANT SELECT, INSERT ON {', '.join(EVERYBODY)} TO {_NAMES}"
    for role in ROLES:
        for table, verbs in sorted(role.records.items()):
            if verbs:
                yield f"GRANT {', '.join(verbs)} ON {table} TO {role.name}"
    yield from _policies("facts", [(role.name, role.facts) for role in ROLES])
    yield from _policies("observations", [(role.name, role.observations) for role in ROLES])
    yield from _cuts(", ".join(role.name for role in ROLES if role.cuts))
    yield from _one_way("sealing_keys", "wrapped IS NOT NULL", "true", "wrapped IS NULL")
    yield from _policy("sealing_keys", "restores", f"FOR INSERT TO {OPERATOR.name} WITH CHECK (true)")
    changed = "ended_at IS NOT NULL OR last_activity IS NOT NULL"  # what ended is open to nobody any more
    yield from _one_way("sessions", "ended_at IS NULL", "ended_at IS NULL", changed)
    yield from _one_way("step_ups", "used IS NULL", "used IS NULL", "used IS NOT NULL")


def _cuts(names: str) -> Iterator[str]:
    """Let these roles cut observations, by a function: who may delete rows may lock their table as well (E48)."""
    yield f"REVOKE ALL ON FUNCTION public.cut_observations(bigint) FROM PUBLIC, {_NAMES}"
    yield f"GRANT EXECUTE ON FUNCTION public.cut_observations(bigint) TO {names}"


def _one_way(table: str, begins: str, open_ones: str, ends: str) -> Iterator[str]:
    """Say what holds of a row that is added, of one that may be changed, and of every row that was (AUD-11)."""
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield from _policy(table, "reads", f"FOR SELECT TO {_NAMES} USING (true)")
    yield from _policy(table, "adds", f"FOR INSERT TO {_NAMES} WITH CHECK ({begins})")
    yield from _policy(table, "ends", f"FOR UPDATE TO {_NAMES} USING ({open_ones}) WITH CHECK ({ends})")
    yield from _policy(table, "goes", f"FOR DELETE TO {_NAMES} USING (true)")


def _policies(table: str, kinds: list[tuple[str, Kinds]]) -> Iterator[str]:
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield from _policy(table, "reads", f"FOR SELECT TO {_NAMES} USING (true)")
    for role, mine in kinds:
        names = ", ".join(sorted(f"'{kind.__name__}'" for kind in mine))
        check = f"FOR INSERT TO {role} WITH CHECK (kind = ANY (ARRAY[{names}]::text[]))"
        yield from _policy(table, f"appends_{role}", check)


def _policy(table: str, name: str, what: str) -> Iterator[str]:
    yield f"DROP POLICY IF EXISTS {table}_{name} ON {table}"
    yield f"CREATE POLICY {table}_{name} ON {table} {what}"
