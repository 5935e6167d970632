import { storagePrefix } from '../../controlplane/registry/storage-keys.ts'
import { SECRETS } from '../../shared/api/kinds.ts'
import { createLogger, type Logger } from '../../shared/log.ts'
import type { SimCluster } from '../support/sim-cluster.ts'
import type { Violations } from './violations.ts'

const MAY_HAVE_IT = storagePrefix(SECRETS)

/** A Secret's value is in no line of the log, at any level, and in no object but the Secret. */
export class SecretLeaks {
  /** For the whole cluster to log to; keeps nothing. */
  readonly log: Logger
  readonly #forms: readonly string[]
  readonly #found: string[] = []
  #read = 0

  constructor(value: string) {
    this.#forms = [value, Buffer.from(value).toString('base64')]
    this.log = createLogger('simulation', 'debug', { write: (line) => this.#look('a line of the log', line) })
  }

  check({ store }: SimCluster, violations: Violations): void {
    for (const { key, value } of store.history.slice(this.#read)) {
      if (value && !key.startsWith(MAY_HAVE_IT)) this.#look(key, Buffer.from(value))
    }
    this.#read = store.history.length
    for (const what of this.#found.splice(0)) violations.add('a Secret stays secret', `its value is in ${what}`)
  }

  #look(where: string, text: string | Buffer): void {
    if (this.#forms.some((form) => text.includes(form))) this.#found.push(where)
  }
}
