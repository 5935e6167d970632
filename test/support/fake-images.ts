import { createHash } from 'node:crypto'
import type { ContainerSpec, ImageState } from '../../agent/runtime/runtime.ts'

/** The images of a fake runtime, by reference. */
export class FakeImages extends Map<string, ImageState> {
  /** By reference or id. */
  find(reference: string): ImageState | undefined {
    return this.get(reference) ?? [...this.values()].find(({ id }) => id === reference)
  }

  add(reference: string): ImageState {
    const id = `sha256:${createHash('sha256').update(reference).digest('hex')}`
    const image = { id, references: [reference], digests: [], sizeBytes: 1_000_000, architecture: 'amd64', user: '' }
    this.set(reference, image)
    return image
  }

  remove(reference: string, id: string, containers: readonly { spec: ContainerSpec }[]): 'removed' | 'inUse' | 'other' {
    if (this.get(reference)?.id !== id) return 'other'
    if (containers.some(({ spec }) => spec.imageId === id)) return 'inUse'
    this.delete(reference)
    return this.find(id) ? 'other' : 'removed'
  }
}
