import { stringify } from 'yaml'
import type { Event, Pod } from '../../shared/api/kinds.ts'
import type { KubeObject } from '../../shared/api/object.ts'
import { connectTo } from './connect-to.ts'
import { type KubectlVersion, kubectlPath } from './kubectl.ts'
import { listWhen } from './list-when.ts'
import { type Options, type Output, tryRun } from './shell.ts'

/** Somebody with a kubectl of one release and a kubeconfig, at work in one namespace. */
export class KubectlUser {
  readonly namespace: string
  readonly #kubeconfig: string
  readonly #version: KubectlVersion

  constructor(kubeconfig: string, namespace = 'default', version: KubectlVersion = '1.36') {
    this.#kubeconfig = kubeconfig
    this.namespace = namespace
    this.#version = version
  }

  in(namespace: string): KubectlUser {
    return new KubectlUser(this.#kubeconfig, namespace, this.#version)
  }

  async try(args: readonly string[], options: Pick<Options, 'input' | 'env' | 'onStdout'> = {}): Promise<Output> {
    const all = ['--kubeconfig', this.#kubeconfig, '-n', this.namespace, ...args]
    return tryRun(await kubectlPath(this.#version), all, options)
  }

  /** What it printed, trimmed; throws with everything that it said unless it ends with 0. */
  async ok(...args: string[]): Promise<string> {
    return this.#succeed(args)
  }

  /** What it said to stderr, trimmed; throws if it ends with 0. */
  async refused(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(args)
    if (code === 0) throw new Error(`kubectl ${args.join(' ')} was not refused:\n${stdout}`)
    return stderr.trim()
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.ok(...args, '-o', 'json')) as T
  }

  /** The Pod as soon as it is as wanted; throws with how it is where that does not come. */
  async podWhen(name: string, isWanted: (pod: Pod) => unknown): Promise<Pod> {
    const [pod] = await this.#listWhen<Pod>('pods', `metadata.name=${name}`, ([found]) => found && isWanted(found))
    return pod as Pod
  }

  /** Waits until each of these stands in an event of an object, as `REASON MESSAGE`. */
  async hasEvents(name: string, ...wanted: readonly RegExp[]): Promise<void> {
    await this.#listWhen<Event>('events', `involvedObject.name=${name}`, (events) => {
      const said = events.map(({ reason, message }) => `${reason} ${message}`)
      return wanted.every((pattern) => said.some((text) => pattern.test(text)))
    })
  }

  /** One or several objects through a file of YAML. */
  apply(...objects: object[]): Promise<string> {
    return this.#succeed(['apply', '-f', '-'], objects.map((object) => stringify(object)).join('---\n'))
  }

  create(object: object): Promise<string> {
    return this.#succeed(['create', '-f', '-'], stringify(object))
  }

  async #listWhen<T extends KubeObject>(kind: string, selector: string, isWanted: (objects: readonly T[]) => unknown) {
    const { api } = connectTo(this.#kubeconfig)
    try {
      return await listWhen<T>(api, `/api/v1/namespaces/${this.namespace}/${kind}`, selector, isWanted)
    } finally {
      api.close()
    }
  }

  async #succeed(args: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, { input })
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
    return stdout.trim()
  }
}
