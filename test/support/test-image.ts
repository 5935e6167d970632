import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { DockerApi, type DockerOptions } from '../../agent/runtime/docker/docker-api.ts'
import { LABELS } from '../../agent/runtime/docker/labels.ts'
import { type ArchiveEntry, tarArchive } from '../../agent/runtime/docker/tar-archive.ts'
import { systemClock } from '../../shared/clock.ts'

/** Where Debian's busybox-static has it. */
const BUSYBOX = '/bin/busybox'
const APPLETS = 'sh cat echo env grep hostname httpd id ip ls mkdir nc printf sleep stat sync tail touch true false wc'

export interface TestImageOptions {
  /** Such as `kubette-test/busybox:1`. */
  reference: string
  /** Whose it is: `removeEverything` of that cluster removes it. */
  clusterId: string
  user?: string
  docker?: DockerOptions
}

/** Makes a small image with a shell and loads it into Docker; no registry is needed. The same options, the same image. */
export async function loadTestImage({ docker = {}, ...options }: TestImageOptions): Promise<void> {
  const api = new DockerApi(docker, systemClock())
  await api.json({ method: 'POST', path: '/images/load', query: { quiet: true }, archive: await imageArchive(options) })
}

async function imageArchive({ reference, clusterId, user = '' }: TestImageOptions): Promise<Buffer> {
  const layer = await tarArchive(await rootFiles())
  const created = '1970-01-01T00:00:00Z'
  const image = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created,
    config: {
      Env: ['PATH=/bin'],
      Cmd: ['sh'],
      User: user,
      Labels: { [LABELS.cluster]: clusterId, [LABELS.kind]: 'image' },
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created }],
  })
  const name = `${sha256(image)}.json`
  const manifest = JSON.stringify([{ Config: name, RepoTags: [reference], Layers: ['layer.tar'] }])
  return tarArchive([
    { type: 'file', name, mode: 0o644, content: image },
    { type: 'file', name: 'layer.tar', mode: 0o644, content: layer },
    { type: 'file', name: 'manifest.json', mode: 0o644, content: manifest },
  ])
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

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex')
}
