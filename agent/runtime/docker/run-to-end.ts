import { json } from 'node:stream/consumers'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'

/** Starts a container that Docker removes at its end. Resolves with its exit code; rejects where it cannot be started. */
export async function runToEnd(docker: DockerApi, containers: Containers, id: string): Promise<number> {
  const wait = { method: 'POST', path: `/containers/${id}/wait`, query: { condition: 'removed' } } as const
  const giveUp = new AbortController()
  try {
    const ended = await docker.stream(wait, giveUp.signal)
    // One that cannot be started is not waited for.
    await containers.start(id)
    const { StatusCode } = (await json(ended)) as { StatusCode: number }
    return StatusCode
  } finally {
    giveUp.abort()
  }
}
