# The course in one image: the built site, served, and the grader. It cannot be built unless its tests pass.
#
#   docker build --tag flask-production-course .
#   docker run --rm --publish 127.0.0.1:8000:8000 flask-production-course
#   docker run --rm --network host --volume /var/run/docker.sock:/var/run/docker.sock \
#     --group-add "$(stat -c %g /var/run/docker.sock)" \
#     flask-production-course grader check lab3 --stack compose://lab3-nginx
#
# docs/reference/pipeline.md shows `grader audit` in it.

FROM python:3.13-slim AS base
WORKDIR /course
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
COPY requirements/ requirements/

# --- tests: everything that needs neither Docker nor a browser ---
FROM base AS test
RUN pip install --no-cache-dir --require-hashes --requirement requirements/dev.txt
COPY . .
RUN pip install --no-index --no-deps --no-build-isolation --editable . \
    && ruff check \
    && mypy \
    && grader dev check --no-docker \
    && pytest -m "not docker and not browser" --numprocesses 4 --ignore tests/scripts --ignore tests/site

# --- site: from the tree that was tested ---
FROM test AS site
RUN mkdocs build --strict --site-dir /site \
    && python -m whitenoise.compress --quiet /site
# What the grader reads of the labs. Their files, with the accounts and the mistakes that they teach, stay outside.
RUN mkdir /labs && cp --recursive --parents labs/app labs/*/lab.toml /labs

# --- what is shipped ---
FROM base
RUN pip install --no-cache-dir --require-hashes --requirement requirements/runtime.txt --requirement requirements/build.txt
COPY pyproject.toml ./
COPY grader/ grader/
COPY --from=site /labs ./
RUN pip install --no-index --no-deps --no-build-isolation --editable . \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin course
COPY --from=site /site site/
USER course
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/', timeout=3)"]
CMD ["gunicorn", "--config", "python:grader.site", "grader.site:app"]
