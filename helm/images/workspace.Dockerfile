# What runs in a workspace: JupyterLab, Python and the libraries of requirements/workspace.txt, each of whose pins stands
# in requirements/run.txt too. Build it in the folder of the Makefile:
#   docker build --file helm/images/workspace.Dockerfile .
# It runs as user 1000, group 100, on a read-only root; the home is mounted at /home/jovyan, datasets below /data.

# A registry of one's own goes before it: --build-arg PYTHON=<registry>/python:3.11-slim-bookworm@sha256:... (DEP-06).
ARG PYTHON=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON} AS build
WORKDIR /src
COPY requirements/workspace.txt requirements/
RUN python3 -m venv /opt/workspace \
    && /opt/workspace/bin/python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements/workspace.txt

FROM ${PYTHON}
RUN useradd --uid 1000 --gid 100 --no-create-home --home-dir /home/jovyan --shell /bin/bash jovyan \
    && mkdir /home/jovyan /data \
    && chown 1000:100 /home/jovyan
COPY --from=build /opt/workspace /opt/workspace
COPY notebooks /opt/workspace/notebooks
COPY spawner/labextensions /opt/workspace/share/jupyter/labextensions
ENV PATH=/opt/workspace/bin:/usr/bin:/bin HOME=/home/jovyan PYTHONDONTWRITEBYTECODE=1
WORKDIR /home/jovyan
USER 1000:100
CMD ["/opt/workspace/bin/python", "-I", "-m", "jupyterhub.singleuser"]
