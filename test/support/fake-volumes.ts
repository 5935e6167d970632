import { type PodIdentity, RuntimeFailure, type VolumeFile, type VolumeSpec } from '../../agent/runtime/runtime.ts'

interface FakeVolume {
  pod: PodIdentity
  spec: VolumeSpec
  files: readonly VolumeFile[] | undefined
  isLost?: boolean
}

/** The volumes of a fake runtime's Pods. Those in memory lose their files with the sandbox. */
export class FakeVolumes {
  readonly #volumes = new Map<string, FakeVolume>()

  get size(): number {
    return this.#volumes.size
  }

  add(pod: PodIdentity, specs: readonly VolumeSpec[]): void {
    for (const spec of specs) {
      const key = `${pod.uid}/${spec.name}`
      const kept = spec.medium === 'disk' ? this.#volumes.get(key)?.files : undefined
      this.#volumes.set(key, { pod, spec, files: kept })
      if (spec.medium === 'claim') this.claims.add(spec.id)
    }
  }

  /** The runtime was restarted, and lets go of what sandboxes have in memory now. */
  lose(): void {
    for (const volume of this.#volumes.values()) {
      volume.isLost = volume.spec.medium === 'memory' || volume.spec.medium === 'files'
    }
  }

  write(pod: PodIdentity, name: string, files: readonly VolumeFile[]): boolean {
    const volume = this.#volumes.get(`${pod.uid}/${name}`)
    if (!volume) throw new RuntimeFailure('notFound', `no volume ${name}`)
    if (volume.isLost) throw new RuntimeFailure('volumesLost', 'the runtime was restarted')
    const isNew = JSON.stringify(volume.files) !== JSON.stringify(files)
    volume.files = files
    return isNew
  }

  /** Throws where the Pod's sandbox has no such volume. */
  check(pod: PodIdentity, name: string): void {
    const volume = this.#volumes.get(`${pod.uid}/${name}`)
    if (!volume) throw new RuntimeFailure('mount', `volume ${JSON.stringify(name)} is not mounted by the sandbox`)
    if (volume.isLost) throw new RuntimeFailure('volumesLost', 'the runtime was restarted')
  }

  /** Text by path of one volume; undefined where nothing was written. */
  read(podName: string, name: string): Record<string, string> | undefined {
    const volume = [...this.#volumes.values()].find(({ pod, spec }) => pod.name === podName && spec.name === name)
    return volume?.files && Object.fromEntries(volume.files.map(({ path, content }) => [path, content.toString()]))
  }

  spec(podName: string, name: string): VolumeSpec | undefined {
    return [...this.#volumes.values()].find(({ pod, spec }) => pod.name === podName && spec.name === name)?.spec
  }

  /** Names of the Pod's volumes on disk. */
  onDisk(podUid: string): string[] {
    const ofPod = [...this.#volumes.values()].filter(({ pod, spec }) => pod.uid === podUid && spec.medium === 'disk')
    return ofPod.map(({ spec }) => spec.name)
  }

  list(): { pod: PodIdentity; name: string }[] {
    const own = [...this.#volumes.values()].filter(({ spec }) => spec.medium === 'disk')
    return own.map(({ pod, spec }) => ({ pod, name: spec.name }))
  }

  /** The names of the claims that have data. */
  readonly claims = new Set<string>()

  removeClaim(id: string): void {
    const user = [...this.#volumes.values()].find(({ spec }) => spec.medium === 'claim' && spec.id === id)
    if (user) throw new RuntimeFailure('conflict', `volume ${id} is in use`)
    this.claims.delete(id)
  }

  /** The sandbox goes, and with it what it had in memory. */
  leaveSandbox(podUid: string): void {
    for (const [key, { pod, spec }] of this.#volumes) {
      if (pod.uid === podUid && (spec.medium === 'memory' || spec.medium === 'files')) this.#volumes.delete(key)
    }
  }

  remove(podUid: string): void {
    for (const [key, { pod }] of this.#volumes) if (pod.uid === podUid) this.#volumes.delete(key)
  }
}
