# syntax=docker/dockerfile:1
# The proxy and its command line. Runs as nobody in particular, on a read-only root; state lives in /var/lib/shadow.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/shadow
WORKDIR /src
# What changes seldom comes first: the layer of the locked dependencies outlives a change of the code.
COPY requirements/run.txt requirements/run.txt
RUN /opt/shadow/bin/python -m pip install --no-compile --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY shadow shadow
# Compiled now, since a read-only root keeps nothing; unchecked, since nothing here ever changes.
RUN /opt/shadow/bin/python -m pip install --no-compile --no-deps --no-build-isolation . \
 && /opt/shadow/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/shadow/lib

FROM python:3.12-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="metacontroller-shadow" \
      org.opencontainers.image.description="Makes the move from a CompositeController to a DecoratorController safe" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /opt/shadow /opt/shadow
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/shadow
ENV PATH=/opt/shadow/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
# The default configuration and store are looked for here.
WORKDIR /var/lib/shadow
VOLUME /var/lib/shadow
EXPOSE 8080 9090
ENTRYPOINT ["shadow"]
CMD ["serve"]
