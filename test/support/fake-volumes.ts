import { type PodIdentity, RuntimeFailure, type VolumeFile, type VolumeSpec } from '../../agent/runtime/runtime.ts'

interface FakeVolume {
  pod: PodIdentity
  spec: VolumeSpec
  files: readonly VolumeFile[] | undefined
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
    }
  }

  write(pod: PodIdentity, name: string, files: readonly VolumeFile[]): boolean {
    const volume = this.#volumes.get(`${pod.uid}/${name}`)
    if (!volume) throw new RuntimeFailure('notFound', `no volume ${name}`)
    const isNew = JSON.stringify(volume.files) !== JSON.stringify(files)
    volume.files = files
    return isNew
  }

  /** Text by path of one volume; undefined where nothing was written. */
  read(podName: string, name: string): Record<string, string> | undefined {
    const volume = [...this.#volumes.values()].find(({ pod, spec }) => pod.name === podName && spec.name === name)
    return volume?.files && Object.fromEntries(volume.files.map(({ path, content }) => [path, content.toString()]))
  }

  spec(podName: string, name: string): VolumeSpec | undefined {
    return [...this.#volumes.values()].find(({ pod, spec }) => pod.name === podName && spec.name === name)?.spec
  }

  list(): { pod: PodIdentity; name: string }[] {
    return [...this.#volumes.values()].map(({ pod, spec }) => ({ pod, name: spec.name }))
  }

  remove(podUid: string): void {
    for (const [key, { pod }] of this.#volumes) if (pod.uid === podUid) this.#volumes.delete(key)
  }
}
