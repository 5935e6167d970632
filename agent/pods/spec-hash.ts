import { createHash } from 'node:crypto'
import type { Container } from '../../shared/api/generated/core-v1.ts'

/**
 * Tells one definition of a container from another. As in the kubelet only of what may change in a running Pod: its
 * image. Must never change between versions of the agent, or an upgrade would restart every container.
 */
export function specHash(container: Pick<Container, 'name' | 'image'>): string {
  return createHash('sha256')
    .update(JSON.stringify([container.name, container.image ?? '']))
    .digest('hex')
    .slice(0, 16)
}
