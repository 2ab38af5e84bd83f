"""Triggers by which the database refuses every change of the streams but the next row, to everybody (AUD-11).

On PostgreSQL they hold for the tables' owner too and under any `session_replication_role`; their functions run as the
owner with a search path of their own, so that a caller's objects are never taken for ours. There no row comes from the
future either, which would stop the log, and no sealing key goes but with the fact that erases its owner. Whoever may
drop a trigger may still do so: what was changed then is shown by the tree heads and the checkpoints.
"""

from string import Template

from alembic.operations import Operations

_STREAMS = (("facts", "fact_heads"), ("observations", "observation_heads"))

_TRIGGER = Template(
    "CREATE TRIGGER ${table}_refuses_$verb BEFORE $verb ON $table WHEN $condition "
    "BEGIN SELECT RAISE(ABORT, '$table only grows by its next row'); END"
)
_ROW_1 = "NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM {rows})"
_HEAD_1 = "NEW.size <= (SELECT coalesce(max(size), 0) FROM {heads})"
_EARLIER = "NEW.at < (SELECT at FROM {rows} ORDER BY seq DESC LIMIT 1)"
_AHEAD = "NEW.size > (SELECT coalesce(max(seq), 0) FROM {rows})"
_ROW_2 = f"{_ROW_1} OR {_EARLIER}"
_HEAD_2 = f"{_HEAD_1} OR {_AHEAD}"

_REFUSING = "RAISE EXCEPTION '{table} only grows by its next row' USING ERRCODE = 'integrity_constraint_violation';"
_FUNCTION = Template(
    "CREATE FUNCTION public.${table}_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
    "SET search_path = pg_catalog, pg_temp AS $$$$ DECLARE newest record; BEGIN "
    "IF TG_OP <> 'INSERT' THEN $refusing END IF; "
    "$looking IF $condition THEN $refusing END IF; RETURN NEW; END $$$$"
)
_LOOK_ROW = "SELECT seq, at INTO newest FROM public.{rows} ORDER BY seq DESC LIMIT 1;"
_LATEST = (
    "CREATE FUNCTION public.latest_instant() RETURNS text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS "
    "$$ SELECT to_char((clock_timestamp() + interval '5 s') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') $$"
)
_NO_NEXT_ROW = (  # rows follow a late one, at its time, where a clock was set back
    "NEW.seq IS DISTINCT FROM coalesce(newest.seq, 0) + 1 OR NEW.at < newest.at "
    'OR (NEW.at IS DISTINCT FROM newest.at AND NEW.at > public.latest_instant() COLLATE "C")'
)
_LOOK_HEAD = (
    "SELECT (SELECT max(size) FROM public.{heads}) AS size, (SELECT max(seq) FROM public.{rows}) AS seq INTO newest;"
)
_NO_NEXT_HEAD = "NEW.size <= coalesce(newest.size, 0) OR NEW.size > coalesce(newest.seq, 0)"
_AN_APPEND = 100  # facts; an erasure is among the newest, since it stands in the same transaction
_KEY_GUARD = Template("""
CREATE FUNCTION public.sealing_keys_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$$$ DECLARE erased jsonb; BEGIN
FOR erased IN SELECT convert_from(payload, 'UTF8')::jsonb FROM public.facts WHERE kind = 'PersonErased'
  AND seq > (SELECT max(seq) FROM public.facts) - $newest LOOP
  IF erased->>'person' = OLD.owner OR erased->'requests' @> to_jsonb(OLD.owner) THEN RETURN NEW; END IF;
END LOOP;
RAISE EXCEPTION 'a sealing key goes with its owner''s erasure only' USING ERRCODE = 'integrity_constraint_violation';
END $$$$
""").substitute(newest=_AN_APPEND)
_KEY_TRIGGER = (
    "CREATE TRIGGER sealing_keys_guards_rows BEFORE UPDATE ON public.sealing_keys FOR EACH ROW "
    "WHEN (NEW.wrapped IS NULL AND OLD.wrapped IS NOT NULL) EXECUTE FUNCTION public.sealing_keys_guard()"
)


def guard_1(operations: Operations) -> None:
    """Refuse all but the next row, and heads that do not grow. PostgreSQL gets its guards with form 2."""
    if is_sqlite(operations):
        for rows, heads in _STREAMS:
            _guard_sqlite(operations, rows, _ROW_1.format(rows=rows))
            _guard_sqlite(operations, heads, _HEAD_1.format(heads=heads))


def guard_2(operations: Operations) -> None:
    """Refuse also a row that is earlier than the one before it, and a head that is ahead of its rows.

    On PostgreSQL also a row of later than now, and the end of a key without an erasure.
    """
    if not is_sqlite(operations):
        run(operations, _LATEST)
        run(operations, _KEY_GUARD)
        run(operations, "REVOKE ALL ON FUNCTION public.latest_instant(), public.sealing_keys_guard() FROM PUBLIC")
        run(operations, _KEY_TRIGGER)
        run(operations, "ALTER TABLE public.sealing_keys ENABLE ALWAYS TRIGGER sealing_keys_guards_rows")
    for rows, heads in _STREAMS:
        if is_sqlite(operations):
            for table in (rows, heads):
                operations.execute(f"DROP TRIGGER {table}_refuses_INSERT")
            guard_insert(operations, rows, _ROW_2.format(rows=rows))
            guard_insert(operations, heads, _HEAD_2.format(rows=rows, heads=heads))
        else:
            _guard_postgres(operations, rows, _LOOK_ROW.format(rows=rows), _NO_NEXT_ROW)
            _guard_postgres(operations, heads, _LOOK_HEAD.format(rows=rows, heads=heads), _NO_NEXT_HEAD)


def guard_back_to_1(operations: Operations) -> None:
    """Guard a SQLite file again as form 1 did."""
    for rows, heads in _STREAMS:
        for table in (rows, heads):
            operations.execute(f"DROP TRIGGER {table}_refuses_INSERT")
        guard_insert(operations, rows, _ROW_1.format(rows=rows))
        guard_insert(operations, heads, _HEAD_1.format(heads=heads))


def is_sqlite(operations: Operations) -> bool:
    """Say whether these are the steps of a SQLite file."""
    return operations.get_bind().dialect.name == "sqlite"


def _guard_sqlite(operations: Operations, table: str, wrong_insert: str) -> None:
    """Guard a table; `INSERT OR REPLACE` would pass a guard against DELETE alone."""
    for verb in ("UPDATE", "DELETE"):
        guard_against(operations, verb, table)
    guard_insert(operations, table, wrong_insert)


def guard_insert(operations: Operations, table: str, wrong_insert: str) -> None:
    """Refuse a row of a table on SQLite under a condition."""
    guard_against(operations, "INSERT", table, wrong_insert)


def guard_against(operations: Operations, verb: str, table: str, condition: str = "1") -> None:
    """Refuse a verb on a table on SQLite, always or under a condition."""
    run(operations, _TRIGGER.substitute(table=table, verb=verb, condition=condition))


def _guard_postgres(operations: Operations, table: str, looking: str, wrong_insert: str) -> None:
    refusing = _REFUSING.format(table=table)
    run(operations, _FUNCTION.substitute(table=table, refusing=refusing, looking=looking, condition=wrong_insert))
    run(operations, f"REVOKE ALL ON FUNCTION public.{table}_guard() FROM PUBLIC")
    for name, when in (("rows", "INSERT"), ("rest", "UPDATE OR DELETE OR TRUNCATE")):
        level = "ROW" if when == "INSERT" else "STATEMENT"
        trigger = f"{table}_guards_{name}"
        run(
            operations,
            f"CREATE TRIGGER {trigger} BEFORE {when} ON public.{table} "
            f"FOR EACH {level} EXECUTE FUNCTION public.{table}_guard()",
        )
        run(operations, f"ALTER TABLE public.{table} ENABLE ALWAYS TRIGGER {trigger}")


def run(operations: Operations, statement: str) -> None:
    """Carry a statement out as it stands."""
    operations.get_bind().exec_driver_sql(statement)
