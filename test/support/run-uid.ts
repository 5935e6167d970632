import { randomBytes } from 'node:crypto'

const RUN = randomBytes(4).toString('hex')

/**
 * The UID of a Pod of this run. Containers are named by its first eight characters: what a run that was killed has left
 * on the same Docker is in nobody's way.
 */
export function runUid(podName: string): string {
  return `${RUN}-${podName}`
}
