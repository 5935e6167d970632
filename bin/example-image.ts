import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DockerApi } from '../agent/runtime/docker/docker-api.ts'
import { imageArchive } from '../agent/runtime/docker/image-archive.ts'
import { Images } from '../agent/runtime/docker/images.ts'
import { LABELS } from '../agent/runtime/docker/labels.ts'
import type { ArchiveEntry } from '../agent/runtime/docker/tar-archive.ts'
import type { Clock } from '../shared/clock.ts'
import type { Screen } from './cluster-view.ts'
import { findStaticBusybox } from './local-busybox.ts'

const PULL_PATIENCE_MS = 60_000

/** Sees to it that the example's image is here: pulled, or else made from a busybox of this machine under the same name. */
export async function provideExampleImage(
  reference: string,
  options: { clusterId: string; clock: Clock; screen: Screen },
): Promise<void> {
  const { clusterId, clock, screen } = options
  const docker = new DockerApi({}, clock)
  const images = new Images(docker, clock)
  if (await images.inspect(reference)) return
  const patience = new AbortController()
  const timer = clock.after(PULL_PATIENCE_MS, () => patience.abort())
  try {
    await images.pull(reference, patience.signal)
  } catch {
    screen.write(`kubette: ${reference} cannot be pulled; making it from this machine's busybox\n`)
    const archive = await busyboxImage(reference, clusterId, findStaticBusybox())
    await docker.json({ method: 'POST', path: '/images/load', query: { quiet: true }, archive })
  } finally {
    timer.cancel()
  }
}

async function busyboxImage(reference: string, clusterId: string, program: Buffer): Promise<Buffer> {
  const links = appletsOf(program).map((name) => ({ type: 'symlink', name: `bin/${name}`, target: 'busybox' }) as const)
  const files: ArchiveEntry[] = [
    { type: 'directory', name: 'bin/', mode: 0o755 },
    { type: 'file', name: 'bin/busybox', mode: 0o755, content: program },
    ...links.filter(({ name }) => name !== 'bin/busybox'),
    { type: 'directory', name: 'etc/', mode: 0o755 },
    { type: 'file', name: 'etc/passwd', mode: 0o644, content: 'root:x:0:0:root:/root:/bin/sh\n' },
    { type: 'directory', name: 'tmp/', mode: 0o1777 },
  ]
  const labels = { [LABELS.cluster]: clusterId, [LABELS.kind]: 'image' }
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  return imageArchive({ reference, architecture, files, config: { Env: ['PATH=/bin'], Cmd: ['sh'], Labels: labels } })
}

function appletsOf(program: Buffer): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'kubette-busybox-'))
  try {
    const path = join(folder, 'busybox')
    writeFileSync(path, program, { mode: 0o755 })
    return execFileSync(path, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
