import { createRequire } from 'node:module'

/**
 * Stands in for the package ssh2, which docker-modem loads whether or not it is used, WebAssembly and its 16 MB
 * included. The package itself is loaded with the first connection: only for a DOCKER_HOST of ssh://.
 */
export function Client() {
  const ssh2 = createRequire(import.meta.url)('ssh2')
  return new ssh2.Client()
}
