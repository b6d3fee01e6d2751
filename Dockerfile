# Two stages: the first builds the environment, the second carries it and nothing else.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY cds_service ./cds_service
COPY cards ./cards
COPY fhir_profiles ./fhir_profiles
RUN python -m venv /opt/cobalamin
RUN /opt/cobalamin/bin/python -m pip install --quiet --no-cache-dir --require-hashes -r requirements.lock
RUN /opt/cobalamin/bin/python -m pip install --quiet --no-cache-dir --no-deps .
RUN /opt/cobalamin/bin/cobalamin-cds knowledge check

# A container listens on every address, and that is refused where nobody is checked: so this image does not start
# without a file of clients at COBALAMIN_CLIENTS. Mount one; for a trial without, see deploy/README.md.
FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/cobalamin --create-home cobalamin
COPY --from=build /opt/cobalamin /opt/cobalamin
USER 10001
WORKDIR /var/lib/cobalamin
VOLUME /var/lib/cobalamin
ENV PATH=/opt/cobalamin/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    COBALAMIN_HOST=0.0.0.0 \
    COBALAMIN_CLIENTS=/etc/cobalamin/clients.toml \
    COBALAMIN_SPOOL_DIR=/var/lib/cobalamin/spool
EXPOSE 8095
HEALTHCHECK --interval=10s --timeout=4s --start-period=15s CMD ["cobalamin-cds", "health"]
CMD ["cobalamin-cds", "serve"]
