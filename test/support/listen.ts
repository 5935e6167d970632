import type { AddressInfo } from 'node:net'

/** Lets a server listen on a port of loopback, which is told. */
export function listen(server: {
  listen(port: number, host: string, done: () => void): unknown
  address(): unknown
}): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}
