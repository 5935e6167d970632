# One image for the control plane and the agent: docker build -t kubette .
# Without a registry, BASE can be an image that carries node, sh and /kubette/node_modules (see test/support/base-image.ts).
ARG BASE=node:22-bookworm-slim
FROM ${BASE}
WORKDIR /kubette
COPY package.json package-lock.json .npmrc ./
RUN test -d node_modules || npm ci --omit=dev --no-audit --no-fund
COPY . .
# The first start translates the TypeScript; here, so that the image holds it.
RUN node bin/kubette.js version
ENV KUBETTE_DATA=/data MALLOC_ARENA_MAX=2
ENTRYPOINT ["node", "--max-semi-space-size=2", "--initial-old-space-size=10", "/kubette/bin/kubette.js"]
CMD ["--help"]
