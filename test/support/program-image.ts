import { readFile, realpath } from 'node:fs/promises'
import { DockerApi, type DockerOptions } from '../../agent/runtime/docker/docker-api.ts'
import { imageArchive } from '../../agent/runtime/docker/image-archive.ts'
import { LABELS } from '../../agent/runtime/docker/labels.ts'
import { systemClock } from '../../shared/clock.ts'
import { PATIENCE } from './patience.ts'
import { run } from './shell.ts'

const LOAD_TIMEOUT_MS = 120_000

export interface ProgramImageOptions {
  reference: string
  /** Paths of this machine. Each is in the image under its own path, with what it is linked to. */
  programs: readonly string[]
  docker?: DockerOptions
}

/** Makes an image of programs of this machine and loads it into Docker; no registry is needed. */
export async function loadProgramImage({ reference, programs, docker = {} }: ProgramImageOptions): Promise<void> {
  const files = new Map<string, Buffer>()
  for (const program of [...programs, '/bin/busybox']) {
    for (const path of [program, ...(await librariesOf(program))]) files.set(path, await readFile(await realpath(path)))
  }
  const entries = [...files].map(([path, content]) => {
    return { type: 'file', name: path.slice(1), mode: 0o755, content } as const
  })
  const archive = await imageArchive({
    reference,
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    files: [
      ...entries,
      { type: 'symlink', name: 'bin/sh', target: 'busybox' },
      { type: 'directory', name: 'tmp/', mode: 0o1777 },
    ],
    config: { Cmd: ['/bin/sh'], Labels: { [LABELS.cluster]: 'kubette-test', [LABELS.kind]: 'image' } },
  })
  const api = new DockerApi(docker, systemClock())
  const timeoutMs = LOAD_TIMEOUT_MS * PATIENCE
  await api.json({ method: 'POST', path: '/images/load', query: { quiet: true }, archive, timeoutMs })
}

/** None of a program that is linked to nothing. */
async function librariesOf(program: string): Promise<string[]> {
  const output = await run('sh', ['-c', `ldd '${program}' 2>/dev/null || true`])
  return [...output.matchAll(/^\s+(?:\S+ => )?(\/\S+)/gm)].map((match) => match[1] ?? '')
}
