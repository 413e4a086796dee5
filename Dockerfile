# syntax=docker/dockerfile:1
# Two stages: everything that needs a network happens in the first; the second starts without one.
FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/sheriff/venv
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
# Dependencies first: this layer changes only with the lock file.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-default-groups --group model --no-install-project
COPY README.md LICENSE ./
COPY bot bot
COPY ingestion ingestion
COPY knowledge knowledge
COPY evals evals
RUN uv sync --locked --no-default-groups --group model --no-editable
# The embedding graph is built once, here, so that a container needs to write nothing but its state.
RUN /opt/sheriff/venv/bin/sheriff model prepare --dir /opt/sheriff/models

FROM python:3.12-slim-bookworm
RUN groupadd --system --gid 10001 sheriff \
    && useradd --system --uid 10001 --gid sheriff --home-dir /data --shell /usr/sbin/nologin sheriff \
    && install -d -o sheriff -g sheriff -m 0750 /data
COPY --from=build /opt/sheriff /opt/sheriff
ENV PATH=/opt/sheriff/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    SHERIFF_HOME=/data SHERIFF_MODEL_DIR=/opt/sheriff/models SHERIFF_LOG_FORMAT=json \
    HOME=/tmp
USER 10001:10001
VOLUME /data
WORKDIR /data
EXPOSE 3978
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:3978/healthz', timeout=2)"]
# Beyond loopback Sheriff asks for SHERIFF_ACCESS_TOKEN; see docs/operator-guide.md.
ENTRYPOINT ["sheriff"]
CMD ["serve", "--host", "0.0.0.0", "--port", "3978"]
