import { readFile } from 'node:fs/promises'
import { DockerApi, type DockerOptions } from '../../agent/runtime/docker/docker-api.ts'
import { imageArchive } from '../../agent/runtime/docker/image-archive.ts'
import { LABELS } from '../../agent/runtime/docker/labels.ts'
import type { ArchiveEntry } from '../../agent/runtime/docker/tar-archive.ts'
import { systemClock } from '../../shared/clock.ts'

/** What end-to-end tests run, once `loadTestImage` has put it there. */
export const TEST_IMAGE = 'kubette-test/busybox:1'

/** Where Debian's busybox-static has it. */
const BUSYBOX = '/bin/busybox'
const APPLETS =
  'sh cat echo env grep head hostname httpd id ip ls mkdir nc printf ps readlink sleep stat stty sync tail tar touch true false wc'

export interface TestImageOptions {
  /** `TEST_IMAGE` unless told. */
  reference?: string
  /** Whose it is: `removeEverything` of that cluster removes it. */
  clusterId?: string
  user?: string
  /** Its STOPSIGNAL. */
  stopSignal?: string
  /** The text of its `/etc/group`; none unless told. */
  groups?: string
  /** This machine's unless told. */
  architecture?: string
  /** Makes its layer another one than those of all other images. */
  marker?: string
  docker?: DockerOptions
}

/** Makes a small image with a shell and loads it into Docker; no registry is needed. The same options, the same image. */
export async function loadTestImage(options: TestImageOptions = {}): Promise<void> {
  const { reference = TEST_IMAGE, clusterId = 'kubette-test', user = '', docker = {}, marker, groups } = options
  const { stopSignal } = options
  const archive = await imageArchive({
    reference,
    architecture: options.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch),
    files: [
      ...(await rootFiles()),
      ...(groups === undefined ? [] : [{ type: 'file', name: 'etc/group', mode: 0o644, content: groups } as const]),
      ...(marker === undefined ? [] : [{ type: 'file', name: 'etc/marker', mode: 0o644, content: marker } as const]),
    ],
    config: {
      Env: ['PATH=/bin'],
      Cmd: ['sh'],
      User: user,
      ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
      Labels: { [LABELS.cluster]: clusterId, [LABELS.kind]: 'image' },
    },
  })
  const api = new DockerApi(docker, systemClock())
  await api.json({ method: 'POST', path: '/images/load', query: { quiet: true }, archive })
}

async function rootFiles(): Promise<ArchiveEntry[]> {
  const links = APPLETS.split(' ').map((name) => ({ type: 'symlink', name: `bin/${name}`, target: 'busybox' }) as const)
  return [
    { type: 'directory', name: 'bin/', mode: 0o755 },
    { type: 'file', name: 'bin/busybox', mode: 0o755, content: await readFile(BUSYBOX) },
    ...links,
    { type: 'directory', name: 'tmp/', mode: 0o1777 },
    { type: 'directory', name: 'etc/', mode: 0o755 },
    { type: 'file', name: 'etc/passwd', mode: 0o644, content: 'root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n' },
  ]
}
