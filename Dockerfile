# The image of pacewatch worker, monitor and simulate. Build: docker build -t pacewatch:0.1.0 .
# The builder has a C compiler, for dependencies that have no wheel on ARM.
FROM python:3.11.14-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/pacewatch

# What changes seldom comes first: the layer of all dependencies, in the versions the tests ran with, outlives the code's.
COPY pyproject.toml constraints.txt ./
RUN touch README.md LICENSE && /opt/pacewatch/bin/pip install --prefer-binary -c constraints.txt .

COPY README.md LICENSE ./
COPY kpis kpis
COPY streams streams
COPY monitors monitors
COPY pacewatch pacewatch
COPY docker-compose.yml ./
COPY deploy deploy
COPY docs docs
COPY examples examples
COPY grafana grafana
COPY prometheus prometheus
RUN /opt/pacewatch/bin/pip install --no-deps --force-reinstall . \
    && /opt/pacewatch/bin/pacewatch --version \
    && /opt/pacewatch/bin/pip uninstall --yes setuptools pip


FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="Pacewatch" \
      org.opencontainers.image.description="Streaming real-time KPI and pacing monitor for ad campaigns" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 pacewatch \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pacewatch
COPY --from=build /opt/pacewatch /opt/pacewatch

# Inside a container loopback reaches nobody; what is reached from outside is decided by the ports that are published.
# The bytecode was made above: at run time nothing is written, so the root file system may be read-only.
ENV PATH=/opt/pacewatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PACEWATCH_MONITOR_HOST=0.0.0.0 \
    PACEWATCH_WORKER_HOST=0.0.0.0 \
    HEALTH_URL=http://127.0.0.1:9600/readyz
USER 10001:10001
EXPOSE 9600 9601

# The monitor's readiness; a worker's container sets HEALTH_URL to its own /healthz.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(os.environ['HEALTH_URL'], timeout=4)"]
ENTRYPOINT ["pacewatch"]
CMD ["--help"]
