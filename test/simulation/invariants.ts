import type { SimCluster } from '../support/sim-cluster.ts'
import type { SimSeams } from '../support/sim-seams.ts'
import { AcknowledgedWrites } from './acknowledged-writes.ts'
import { HealthyContainers } from './healthy-containers.ts'
import { PodInvariants } from './pod-invariants.ts'
import { ReplicaBounds } from './replica-bounds.ts'
import type { SecretLeaks } from './secret-leaks.ts'
import { ServiceExits } from './service-exits.ts'
import { Violations } from './violations.ts'
import { WatchOracle } from './watch-oracle.ts'

/** All that must always hold of a cluster. */
export class Invariants {
  readonly violations: Violations
  readonly pods: PodInvariants
  /** What they look on through; to be the outermost. */
  readonly seams: SimSeams
  readonly #cluster: SimCluster
  readonly sizes: ReplicaBounds
  readonly #watches: WatchOracle
  readonly #writes: AcknowledgedWrites
  readonly #secrets: SecretLeaks
  readonly #exits: ServiceExits

  constructor(cluster: SimCluster, secrets: SecretLeaks) {
    this.#cluster = cluster
    this.#secrets = secrets
    this.violations = new Violations(cluster.clock)
    this.pods = new PodInvariants(cluster, this.violations)
    this.sizes = new ReplicaBounds(cluster, this.violations)
    this.#watches = new WatchOracle(cluster, this.violations)
    this.#writes = new AcknowledgedWrites(cluster, this.violations)
    this.#exits = new ServiceExits(cluster, this.violations)
    const containers = new HealthyContainers(cluster, this.pods, this.violations)
    this.seams = {
      client: (client) => this.#watches.watch(client),
      runtime: (runtime, nodeName) => this.#exits.watch(containers.watch(runtime, nodeName), nodeName),
    }
  }

  get areBroken(): boolean {
    return this.violations.all.length > 0
  }

  /** After every step, while nothing is under way. */
  async check(): Promise<void> {
    this.pods.check()
    this.sizes.check()
    this.#exits.check()
    this.#watches.check()
    this.#secrets.check(this.#cluster, this.violations)
    await this.#writes.check()
  }

  stop(): void {
    this.pods.stop()
    this.#exits.stop()
  }
}
