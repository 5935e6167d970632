import { readFile } from 'node:fs/promises'
import { DockerApi, type DockerOptions } from '../../agent/runtime/docker/docker-api.ts'
import { imageArchive } from '../../agent/runtime/docker/image-archive.ts'
import { LABELS } from '../../agent/runtime/docker/labels.ts'
import type { ArchiveEntry } from '../../agent/runtime/docker/tar-archive.ts'
import { systemClock } from '../../shared/clock.ts'
import { run } from './shell.ts'

/** Runs what it is given as `node -e` does, once `loadNodeImage` has put it there. */
export const NODE_IMAGE = 'kubette-test/node:1'

/** Makes an image of this machine's own Node with the libraries that it needs, and loads it into Docker. */
export async function loadNodeImage(docker: DockerOptions = {}): Promise<void> {
  const archive = await imageArchive({
    reference: NODE_IMAGE,
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    files: await nodeFiles(),
    config: {
      Entrypoint: ['/bin/node', '-e'],
      Labels: { [LABELS.cluster]: 'kubette-test', [LABELS.kind]: 'image' },
    },
  })
  await new DockerApi(docker, systemClock()).json({
    method: 'POST',
    path: '/images/load',
    query: { quiet: true },
    archive,
  })
}

async function nodeFiles(): Promise<ArchiveEntry[]> {
  const libraries = [...(await run('ldd', [process.execPath])).matchAll(/(\/\S+)/g)].map(([path]) => path)
  const files = [['bin/node', process.execPath], ...libraries.map((path) => [path.slice(1), path])]
  const folders = new Set(['tmp', ...files.flatMap(([name = '']) => foldersOf(name))])
  return [
    ...[...folders].map((name) => ({ type: 'directory', name: `${name}/`, mode: 0o755 }) as const),
    ...(await Promise.all(
      files.map(async ([name = '', path = '']) => {
        return { type: 'file', name, mode: 0o755, content: await readFile(path) } as const
      }),
    )),
  ]
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}
