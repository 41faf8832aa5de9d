# The project with its locked packages: for a work pool of Docker or Kubernetes, or a job by the hour (docs/deployment.md).
# Nothing secret and no data are in it; data/ and published/ are mounted. Pinned by version: add the digest of the image that you pulled.
FROM python:3.11.14-slim-bookworm AS packages
WORKDIR /srv/asof
COPY requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

FROM python:3.11.14-slim-bookworm
# LightGBM needs OpenMP. Its version is that of Debian 12, which the image above fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends --yes libgomp1 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/asof
COPY --from=packages /srv/asof/.venv .venv
COPY . .
# Only what is written belongs to the user; who is a number, so that Kubernetes can see that it is not root.
RUN useradd --uid 10001 --create-home asof \
    && mkdir -p data published target logs docs/designs docs/experiments docs/backtests \
    && chown -R asof data published target logs docs/designs docs/experiments docs/backtests
USER 10001
# Prefect's flows begin in the folder that PWD names; without analytics and telemetry, as `make` has it.
ENV PATH=/srv/asof/.venv/bin:$PATH \
    PWD=/srv/asof \
    PYTHONUNBUFFERED=1 \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    DO_NOT_TRACK=1 \
    OMP_WAIT_POLICY=PASSIVE
# It waits while a flow has the warehouse, as every command does.
HEALTHCHECK --interval=15m --timeout=10m --start-period=1h --retries=4 CMD ["python", "-m", "flows", "status"]
CMD ["python", "-m", "flows", "cycle"]
