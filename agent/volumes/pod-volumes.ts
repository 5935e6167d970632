import type { Volume } from '../../shared/api/generated/core-v1.ts'
import { messageOf } from '../../shared/error-message.ts'
import { podReferences } from '../../shared/pod-references.ts'
import { claimNamesOf } from '../../shared/storage/pod-claims.ts'
import type { PodEvents } from '../pods/pod-events.ts'
import type { ContainerSources } from '../pods/spec/container-spec.ts'
import { type Runtime, RuntimeFailure, type VolumeSpec } from '../runtime/runtime.ts'
import { isFileVolume, projectedFiles } from './file-projection.ts'
import { type HostPathDeps, hostPath } from './host-path.ts'
import { VolumeError } from './volume-error.ts'
import { type RequestedVolume, volumeSpec } from './volume-specs.ts'

export interface PodVolumesDeps extends HostPathDeps {
  runtime: Pick<Runtime, 'writeVolume' | 'hostPath' | 'createHostPath'>
  events: Pick<PodEvents, 'pod' | 'atTimes'>
}

/** Sets up the volumes of one Pod, and keeps the files in them as the API has them. */
export class PodVolumes {
  readonly #deps: PodVolumesDeps
  /** Of what the files were made that are there, and in which sandbox. */
  #written: { sandboxId: string; version: string } | undefined
  #readySandbox: string | undefined

  constructor(deps: PodVolumesDeps) {
    this.#deps = deps
  }

  /** What the sandbox is to mount; undefined, and told in an event, while something that a volume needs is missing. */
  async prepare(sources: ContainerSources): Promise<VolumeSpec[] | undefined> {
    const requested = this.#each(sources, (volume) => {
      if (isFileVolume(volume)) projectedFiles(volume, sources)
      return volumeSpec(volume, sources)
    })
    const specs: VolumeSpec[] = []
    for (const volume of requested) {
      const spec = await this.#find(volume)
      if (spec) specs.push(spec)
    }
    return specs.length === volumesOf(sources).length ? specs : undefined
  }

  /** Brings the files up to date. What cannot be made now stays as it is, and an event tells why. */
  async sync(sandboxId: string, sources: ContainerSources): Promise<void> {
    const version = versionOf(sources)
    if (this.#written?.sandboxId === sandboxId && this.#written.version === version) return
    const volumes = volumesOf(sources).filter(isFileVolume)
    const made = this.#each(sources, (volume) =>
      isFileVolume(volume) ? { name: volume.name, files: projectedFiles(volume, sources) } : undefined,
    ).filter((each) => each !== undefined)
    for (const { name, files } of made) {
      await this.#tellFailure(name, this.#deps.runtime.writeVolume(sandboxId, name, files))
    }
    if (made.length < volumes.length) return
    this.#written = { sandboxId, version }
    this.#readySandbox = sandboxId
  }

  /** All volumes have been set up in that sandbox, whatever became of what they were made of. */
  isReady(sandboxId: string): boolean {
    return this.#readySandbox === sandboxId
  }

  /** The files are made of other objects than there are now, or could not be made yet. */
  isOutdated(sources: ContainerSources): boolean {
    return volumesOf(sources).length > 0 && this.#written?.version !== versionOf(sources)
  }

  /** Looks at a path of the machine, where the volume is one. */
  async #find({ type, ...spec }: RequestedVolume): Promise<VolumeSpec | undefined> {
    if (spec.medium !== 'host') return spec
    try {
      return { ...spec, path: await hostPath(spec.path, type ?? '', this.#deps) }
    } catch (error) {
      this.#tell(spec.name, messageOf(error))
      if (error instanceof VolumeError) return undefined
      throw error
    }
  }

  #each<T>(sources: ContainerSources, make: (volume: Volume) => T): T[] {
    return volumesOf(sources).flatMap((volume) => {
      try {
        return [make(volume)]
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error
        this.#tell(volume.name, error.message)
        return []
      }
    })
  }

  async #tellFailure(volume: string, writing: Promise<unknown>): Promise<void> {
    try {
      await writing
    } catch (error) {
      this.#tell(volume, messageOf(error))
      // Containers that run keep the files they have; the next one to start has its sandbox made anew.
      if (!(error instanceof RuntimeFailure && error.code === 'volumesLost')) throw error
    }
  }

  #tell(volume: string, why: string): void {
    const message = `MountVolume.SetUp failed for volume "${volume}" : ${why}`
    this.#deps.events.atTimes(message, () => this.#deps.events.pod('Warning', 'FailedMount', message))
  }
}

function volumesOf({ pod }: ContainerSources): readonly Volume[] {
  return pod.spec?.volumes ?? []
}

/** Changes whenever something changes that a file may be made of. */
function versionOf({ pod, configMap, secret, claim, volume }: ContainerSources): string {
  const { configMaps, secrets } = podReferences({ containers: [], volumes: pod.spec?.volumes ?? [] })
  const { labels, annotations } = pod.metadata
  const metadataOf = ({ uid, resourceVersion }: { uid?: string; resourceVersion?: string } = {}) => [
    uid,
    resourceVersion,
  ]
  return JSON.stringify([
    [labels, annotations],
    [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(({ resources }) => resources),
    [...configMaps].map((name) => metadataOf(configMap(name)?.metadata)),
    [...secrets].map((name) => metadataOf(secret(name)?.metadata)),
    claimNamesOf(pod.spec, pod.metadata.name ?? '').map((name) => {
      const claimed = claim(name)
      return [metadataOf(claimed?.metadata), metadataOf(volume(claimed?.spec.volumeName ?? '')?.metadata)]
    }),
  ])
}
