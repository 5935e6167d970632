import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { stringify } from 'yaml'
import { DockerApi } from '../../agent/runtime/docker/docker-api.ts'
import { systemClock } from '../../shared/clock.ts'
import { freePort } from './kubette.ts'
import { eventually } from './shell.ts'
import { loadTestImage, type TestImageOptions } from './test-image.ts'

/** Who may use a registry that has log-ins. */
export const REGISTRY_USER = { username: 'puller', password: 'open sesame' }
/** That password as `htpasswd -B` writes it. */
const REGISTRY_USERS = 'puller:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n'

const DIGEST = /digest: (sha256:[0-9a-f]{64})/

/** A `docker-registry` of the test's own on loopback, where Docker asks for no certificate. */
export class ImageRegistry {
  readonly host: string
  readonly #directory: string
  readonly #docker = new DockerApi({}, systemClock())
  #process: ChildProcess | undefined

  private constructor(host: string, directory: string) {
    this.host = host
    this.#directory = directory
  }

  static async start({ hasLogins = false } = {}): Promise<ImageRegistry> {
    const host = `127.0.0.1:${await freePort()}`
    const registry = new ImageRegistry(host, mkdtempSync(join(tmpdir(), 'kubette-registry-')))
    await registry.#run(hasLogins)
    return registry
  }

  /** Makes a small image, hands it to the registry and forgets it here. Resolves with its digest. */
  async push(name: string, image: Omit<TestImageOptions, 'reference'> = {}): Promise<string> {
    const reference = `${this.host}/${name}`
    await loadTestImage({ ...image, reference })
    const colon = reference.lastIndexOf(':')
    const path = `/images/${reference.slice(0, colon)}/push`
    // Docker insists on a log-in, also where the registry asks for none.
    const credentials = { ...REGISTRY_USER, serverAddress: this.host }
    const call = { method: 'POST', path, query: { tag: reference.slice(colon + 1) }, credentials } as const
    const said = await text(await this.#docker.stream(call, new AbortController().signal))
    const digest = DIGEST.exec(said)?.[1]
    if (!digest) throw new Error(`${reference} was not pushed:\n${said}`)
    await this.#docker.json({ method: 'DELETE', path: `/images/${reference}` })
    return digest
  }

  /** Loses the content of a layer, or of anything else with that digest. */
  lose(digest: string): void {
    const hash = digest.replace('sha256:', '')
    rmSync(join(this.#directory, 'docker/registry/v2/blobs/sha256', hash.slice(0, 2), hash, 'data'))
  }

  /** The digests of an image's layers. */
  async layersOf(name: string): Promise<string[]> {
    const [repository, tag] = name.split(':')
    const accept = 'application/vnd.docker.distribution.manifest.v2+json'
    const answer = await fetch(`http://${this.host}/v2/${repository}/manifests/${tag}`, { headers: { accept } })
    const { layers } = (await answer.json()) as { layers: { digest: string }[] }
    return layers.map(({ digest }) => digest)
  }

  /** It stops in the middle of whatever it does, and its connections stay open. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    const child = this.#process
    if (child?.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #run(hasLogins: boolean): Promise<void> {
    const users = join(this.#directory, 'users')
    const file = join(this.#directory, 'config.yml')
    writeFileSync(users, REGISTRY_USERS)
    const config = {
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: this.#directory } },
      http: { addr: this.host },
      ...(hasLogins ? { auth: { htpasswd: { realm: 'test', path: users } } } : {}),
    }
    writeFileSync(file, stringify(config))
    this.#process = spawn('docker-registry', ['serve', file], { stdio: 'ignore' })
    const failed = once(this.#process, 'error').then(([error]) => Promise.reject(error))
    const isServing = async () => (await fetch(`http://${this.host}/v2/`)).status !== 0
    await Promise.race([eventually(`the registry at ${this.host}`, isServing, 10_000, 50), failed])
    failed.catch(() => undefined)
  }
}
