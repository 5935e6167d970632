import { createHash } from 'node:crypto'
import { type ArchiveEntry, tarArchive } from './tar-archive.ts'

export interface ImageContent {
  /** Such as `busybox:1.36`. */
  reference: string
  /** `amd64`, `arm64` ... */
  architecture: string
  /** The one layer. */
  files: readonly ArchiveEntry[]
  /** As in the OCI image configuration: Entrypoint, Cmd, Env, User, Labels. */
  config: Readonly<Record<string, unknown>>
}

const CREATED = '1970-01-01T00:00:00Z'

/** What Docker's `POST /images/load` takes: a layer, the image's configuration, a manifest. The same content, the same image. */
export async function imageArchive({ reference, architecture, files, config }: ImageContent): Promise<Buffer> {
  const layer = await tarArchive(files)
  const image = JSON.stringify({
    architecture,
    os: 'linux',
    created: CREATED,
    config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created: CREATED }],
  })
  const name = `${sha256(image)}.json`
  const manifest = JSON.stringify([{ Config: name, RepoTags: [reference], Layers: ['layer.tar'] }])
  return tarArchive([
    { type: 'file', name, mode: 0o644, content: image },
    { type: 'file', name: 'layer.tar', mode: 0o644, content: layer },
    { type: 'file', name: 'manifest.json', mode: 0o644, content: manifest },
  ])
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex')
}
