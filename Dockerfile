# Every step is also run, without a container engine, by tests/e2e/container_check.sh: see docs/how-to/container.md.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS builder
WORKDIR /build
RUN python -m venv /opt/rejoinder
COPY requirements/core.txt requirements/build.txt requirements/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/build.txt \
 && /opt/rejoinder/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: --no-binary jstyleson -r requirements/core.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY embeddings embeddings
COPY service service
RUN /opt/build/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/rejoinder/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:${PYTHON}-slim
LABEL org.opencontainers.image.title="Rejoinder" \
      org.opencontainers.image.description="A claim in, the closest official rebuttal with its source out." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin rejoinder \
 && install --directory --owner=rejoinder --group=rejoinder /data
COPY --from=builder /opt/rejoinder /opt/rejoinder
# The store lies in the volume and nothing else is written, so the root file system can be read-only.
ENV PATH=/opt/rejoinder/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    REJOINDER_DB=/data/rejoinder.db \
    XDG_DATA_HOME=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["rejoinder", "serve", "--host", "0.0.0.0"]
