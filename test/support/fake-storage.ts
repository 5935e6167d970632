import {
  type HostPath,
  type ImageState,
  type NotedContainer,
  type OtherContainer,
  type PodIdentity,
  RuntimeFailure,
  type VolumeFile,
} from '../../agent/runtime/runtime.ts'
import { FakeImages } from './fake-images.ts'
import type { FakeCall } from './fake-runtime.ts'
import { FakeVolumes } from './fake-volumes.ts'

/** The part of a fake runtime that is about what is on its machine beside its containers: volumes, paths, images, others' containers. */
export abstract class FakeStorage {
  readonly volumes = new FakeVolumes()
  readonly images = new FakeImages()
  /** What is at which path of the machine. */
  readonly hostPaths = new Map<string, HostPath>()

  /** Those on containers, by sandbox and container. */
  readonly notes = new Map<string, string>()

  /** Containers that are not this node's. */
  others: OtherContainer[] = []

  /** What each call begins with. */
  protected abstract enter(call: FakeCall, detail: string): Promise<void>
  protected abstract hasSandbox(id: string): boolean
  /** Whose sandbox it is; undefined where it does not run. */
  protected abstract podOfRunning(sandboxId: string): PodIdentity | undefined

  async writeVolume(sandboxId: string, volume: string, files: readonly VolumeFile[]): Promise<boolean> {
    await this.enter('writeVolume', volume)
    const pod = this.podOfRunning(sandboxId)
    if (!pod) throw new RuntimeFailure('conflict', 'the sandbox is not running')
    return this.volumes.write(pod, volume, files)
  }

  async keepNote({ id, sandboxId }: NotedContainer, note: string): Promise<void> {
    await this.enter('keepNote', note)
    if (!this.hasSandbox(sandboxId)) throw new RuntimeFailure('notFound', `No such container: ${sandboxId}`)
    this.notes.set(`${sandboxId}/${id}`, note)
  }

  async note({ id, sandboxId }: NotedContainer): Promise<string | undefined> {
    await this.enter('note', id)
    return this.hasSandbox(sandboxId) ? this.notes.get(`${sandboxId}/${id}`) : undefined
  }

  async removeVolumes(podUid: string): Promise<void> {
    await this.enter('removeVolumes', podUid)
    this.volumes.remove(podUid)
  }

  async removeClaimVolume(id: string): Promise<void> {
    await this.enter('removeClaimVolume', id)
    this.volumes.removeClaim(id)
  }

  async hostPath(path: string): Promise<HostPath> {
    await this.enter('hostPath', path)
    return this.hostPaths.get(path) ?? { path, type: 'missing' }
  }

  async createHostPath(path: string, type: 'Directory' | 'File'): Promise<void> {
    await this.enter('createHostPath', `${path} ${type}`)
    this.hostPaths.set(path, { path, type })
  }

  async ownPaths(): Promise<string[]> {
    await this.enter('ownPaths', '')
    return ['/run/fake.sock', '/var/lib/fake']
  }

  async otherContainers(): Promise<OtherContainer[]> {
    await this.enter('otherContainers', '')
    return structuredClone(this.others)
  }

  async inspectImage(reference: string): Promise<ImageState | undefined> {
    await this.enter('inspectImage', reference)
    return this.images.find(reference)
  }

  async listImages(): Promise<ImageState[]> {
    await this.enter('listImages', '')
    return [...this.images.values()]
  }
}
