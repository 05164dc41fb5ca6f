# Two images from one file:
#   docker build --target serving --tag recommender .            # the service, the default
#   docker build --target pipeline --tag recommender-pipeline .  # makes artifacts, trains, publishes
# docs/containers.md has the commands to run them.

ARG PYTHON_IMAGE=docker.io/library/python:3.12-slim-bookworm

# --- The packages of the lock file; what installs them stays behind in this stage. ---
FROM ${PYTHON_IMAGE} AS packages
# Modules are compiled while the image is built, since its root can't be written later.
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY pyproject.toml poetry.lock poetry.toml ./
COPY scripts scripts
# The client of object stores comes along, so that replicas can share snapshots.
ARG SERVING_GROUPS="main scale"
RUN python3 scripts/install.py --venv .venv ${SERVING_GROUPS}

FROM packages AS pipeline-packages
ARG PIPELINE_GROUPS="pipeline"
RUN python3 scripts/install.py --venv .venv ${PIPELINE_GROUPS}

# --- What both images share: a user without rights, and the folders that can be mounted. ---
FROM ${PYTHON_IMAGE} AS base
ENV PATH="/app/.venv/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/cache \
    DATA_PATH=/artifacts/data \
    EMBEDDINGS_PATH=/artifacts/embeddings \
    MODEL_PATH=/artifacts/models \
    SNAPSHOT_PATH=/cache/snapshots \
    LOG_PATH=/cache/logs
# By number, so that Kubernetes can check that it isn't root.
RUN mkdir -p /artifacts/data /artifacts/embeddings /artifacts/models /cache && \
    chown -R 10001:10001 /artifacts /cache
WORKDIR /app

FROM base AS pipeline
COPY --from=pipeline-packages /app/.venv .venv
COPY . .
USER 10001:10001
ENTRYPOINT ["python", "-m"]
CMD ["pipeline", "--help"]

FROM base AS serving
COPY --from=packages /app/.venv .venv
COPY app.py config.py log_setup.py pyproject.toml ./
COPY api api
COPY classes classes
COPY processes processes
COPY recsys recsys
COPY scoring scoring
COPY server server
COPY settings settings
COPY storage storage
# The bundled sample, for a first look: `python -m scripts.use_sample` copies it to /artifacts.
COPY data/sample data/sample
COPY report/metrics.json report/
COPY scripts/use_sample.py scripts/
ENV HOST=0.0.0.0 PORT=8080
EXPOSE 8080
VOLUME /cache
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=4)"]
CMD ["python", "app.py"]
