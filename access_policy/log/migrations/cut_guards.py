"""Form 3 of the guards: observations go up to the cut that the newest fact tells of, and no further (E48, AUD-11).

The fact and the rows go in one transaction, so "the newest fact" is enough, and looking at it costs the same for any
log. On PostgreSQL the row after the cut has to stand, older than the law's one year itself; the years of the settings
are asked by the core and by `verify.py`. No role may delete there: one may call the function that does. A copy of a log
begins after its newest cut. Facts never go.
"""

from string import Template

from alembic.operations import Operations

from access_policy.log.migrations.guards import guard_against, guard_insert, is_sqlite, run

_HEADS, _ROWS = "observation_heads", "observations"
_SIZE = "CAST(json_extract(CAST(payload AS TEXT), '$.size') AS INTEGER)"
_NEWEST = "SELECT {size} FROM facts WHERE seq = (SELECT max(seq) FROM facts) AND kind = 'ObservationsCut'"
_LAST = "SELECT {size} FROM facts WHERE kind = 'ObservationsCut' ORDER BY seq DESC LIMIT 1"
_STAYS = {_ROWS: f"OLD.seq > coalesce(({_NEWEST}), 0)", _HEADS: f"OLD.size >= coalesce(({_NEWEST}), 0)"}
_DELETE = Template(
    "CREATE TRIGGER ${table}_refuses_DELETE BEFORE DELETE ON $table WHEN $condition "
    "BEGIN SELECT RAISE(ABORT, '$table only grows by its next row, or is cut as its newest fact says'); END"
)
_NO_NEXT_ROW = (
    "NEW.seq IS NOT coalesce((SELECT max(seq) FROM observations), ({last}), 0) + 1 "
    "OR NEW.at < (SELECT at FROM observations ORDER BY seq DESC LIMIT 1)"
)

_SIZE_2 = "(convert_from(payload, 'UTF8')::jsonb ->> 'size')::bigint"
_REFUSE = (
    "RAISE EXCEPTION '{table} only grows by its next row, or is cut as its newest fact says' "
    "USING ERRCODE = 'integrity_constraint_violation';"
)
_BEGIN = Template(
    "CREATE OR REPLACE FUNCTION public.$name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
    "SET search_path = pg_catalog, pg_temp AS $$$$ DECLARE $declare; BEGIN $body END $$$$"
)
_NEXT = Template("""
IF TG_OP <> 'INSERT' THEN $refuse END IF;
SELECT seq, at INTO newest FROM public.observations ORDER BY seq DESC LIMIT 1;
IF newest.seq IS NULL THEN
  SELECT $size INTO gone FROM public.facts WHERE kind = 'ObservationsCut' ORDER BY seq DESC LIMIT 1;
END IF;
IF NEW.seq IS DISTINCT FROM coalesce(newest.seq, gone, 0) + 1 OR NEW.at < newest.at
  OR (NEW.at IS DISTINCT FROM newest.at AND NEW.at > public.latest_instant() COLLATE "C") THEN $refuse END IF;
RETURN NEW;
""")
_CUT = Template("""
IF NOT EXISTS (SELECT FROM gone) THEN RETURN NULL; END IF;
SELECT $size AS size, at INTO cut FROM public.facts
  WHERE seq = (SELECT max(seq) FROM public.facts) AND kind = 'ObservationsCut';
IF cut.size IS NULL OR EXISTS (SELECT FROM gone WHERE gone.$key $beyond cut.size) THEN $refuse END IF;
$rest RETURN NULL;
""")
_STANDS = Template("""
SELECT seq, at INTO stands FROM public.observations ORDER BY seq LIMIT 1;
IF stands.seq IS DISTINCT FROM cut.size + 1
  OR stands.at::timestamptz + interval '366 days' > cut.at::timestamptz THEN $refuse END IF;
""")
_DOES = """
CREATE FUNCTION public.cut_observations(size bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$ BEGIN
DELETE FROM public.observations WHERE seq <= $1;
DELETE FROM public.observation_heads AS heads WHERE heads.size < $1;
END $$
"""
_TRIGGERS = Template("""
DROP TRIGGER ${table}_guards_rest ON public.$table;
CREATE TRIGGER ${table}_guards_rest BEFORE UPDATE OR TRUNCATE ON public.$table
  FOR EACH STATEMENT EXECUTE FUNCTION public.${table}_guard();
CREATE TRIGGER ${table}_guards_cut AFTER DELETE ON public.$table REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION public.${table}_cut_guard();
ALTER TABLE public.$table ENABLE ALWAYS TRIGGER ${table}_guards_rest;
ALTER TABLE public.$table ENABLE ALWAYS TRIGGER ${table}_guards_cut;
REVOKE ALL ON FUNCTION public.${table}_cut_guard() FROM PUBLIC
""")


def guard_3(operations: Operations) -> None:
    """Let observations go up to a cut, and a copy begin after one."""
    if not is_sqlite(operations):
        _guard_postgres(operations)
        return
    for table in (_ROWS, _HEADS):
        operations.execute(f"DROP TRIGGER {table}_refuses_DELETE")
        run(operations, _DELETE.substitute(table=table, condition=_STAYS[table].format(size=_SIZE)))
    operations.execute(f"DROP TRIGGER {_ROWS}_refuses_INSERT")
    guard_insert(operations, _ROWS, _NO_NEXT_ROW.format(last=_LAST.format(size=_SIZE)))


def guard_back_to_2(operations: Operations) -> None:
    """Refuse again on a SQLite file that anything is deleted; what may be inserted is mended by the next step back."""
    for table in (_ROWS, _HEADS):
        operations.execute(f"DROP TRIGGER {table}_refuses_DELETE")
        guard_against(operations, "DELETE", table)


def _guard_postgres(operations: Operations) -> None:
    refuse = {table: _REFUSE.format(table=table) for table in (_ROWS, _HEADS)}
    following = _NEXT.substitute(size=_SIZE_2, refuse=refuse[_ROWS])
    stands = _STANDS.substitute(refuse=refuse[_ROWS])
    rows = _CUT.substitute(size=_SIZE_2, key="seq", beyond=">", refuse=refuse[_ROWS], rest=stands)
    heads = _CUT.substitute(size=_SIZE_2, key="size", beyond=">=", refuse=refuse[_HEADS], rest="")
    for name, declare, body in (
        (f"{_ROWS}_guard", "newest record; gone bigint", following),
        (f"{_ROWS}_cut_guard", "cut record; stands record", rows),
        (f"{_HEADS}_cut_guard", "cut record", heads),
    ):
        run(operations, _BEGIN.substitute(name=name, declare=declare, body=body))
    run(operations, _DOES)
    for table in (_ROWS, _HEADS):
        for statement in _TRIGGERS.substitute(table=table).split(";"):
            run(operations, statement)
