# How to build, name and check the image: docs/image.md. The tests perform these very steps (tests/image).

# The oldest Python that the operator supports, which the requirements are resolved for. A tag moves: for an image that can be
# built again as it was, give its digest too, as sha256:…
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim
ARG PYTHON_DIGEST=

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST:+@${PYTHON_DIGEST}} AS builder
# Nothing but what the requirements name is downloaded, and nothing that is downloaded runs a build script.
ENV UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY requirements/uv.txt requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements/uv.txt
# uv's environments have no pip: what is installed here stays as it is.
RUN uv venv /opt/fargateclaims \
    && uv pip install --python /opt/fargateclaims --require-hashes --no-build --requirement requirements/runtime.txt
# The hashes of the build backend are among the developers' requirements.
COPY requirements/dev.txt requirements/
COPY LICENSE README.md pyproject.toml ./
COPY crds crds
COPY deploy/samples deploy/samples
COPY operator operator
RUN uv build --wheel --build-constraint requirements/dev.txt --require-hashes --out-dir /wheel \
    && uv pip install --python /opt/fargateclaims --no-deps /wheel/*.whl
# The root file system may be read-only, so that Python could not keep its byte code, and the base image has none of its library.
# Without it, a start would compile some thousand modules. It is never compared with the sources: they cannot change. (What Python
# wrote by itself meanwhile would be.)
RUN export PYTHONDONTWRITEBYTECODE=1 PYTHONPYCACHEPREFIX=/opt/fargateclaims/pycache \
    && /opt/fargateclaims/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/fargateclaims/lib \
    && /opt/fargateclaims/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/(site-packages|tests?)/' \
      "$(/opt/fargateclaims/bin/python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
ARG VERSION=
# The label must not lie.
RUN test -z "${VERSION}" || test "$(/opt/fargateclaims/bin/fargateclaims --version)" = "fargateclaims ${VERSION}"

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST:+@${PYTHON_DIGEST}}
ARG PYTHON_IMAGE
ARG PYTHON_DIGEST
ARG VERSION=
ARG REVISION=
ARG CREATED=
ARG SOURCE=
LABEL org.opencontainers.image.title="fargateclaims" \
      org.opencontainers.image.description="A Kubernetes operator that turns FargateProfileClaims into Amazon EKS Fargate profiles, one at a time per cluster" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}" \
      org.opencontainers.image.base.digest="${PYTHON_DIGEST}"
COPY --from=builder /opt/fargateclaims /opt/fargateclaims
# The user has no entry in /etc/passwd, and so no home that could be found there; kubernetes' client would not load without one.
ENV PATH="/opt/fargateclaims/bin:${PATH}" \
    HOME=/nonexistent \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPYCACHEPREFIX=/opt/fargateclaims/pycache
# By number, so that Kubernetes can tell that it is not root (runAsNonRoot). Any other number does as well: nothing is written.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/opt/fargateclaims/bin/fargateclaims"]
CMD ["run"]
