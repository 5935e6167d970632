import type { Assignments } from '../../agent/assignments.ts'
import type { Device } from '../../agent/devices/device.ts'
import { NO_DRAIN, type PodDrainer } from '../../agent/pods/pod-drain.ts'
import { PodManager, type PodManagerOptions } from '../../agent/pods/pod-manager.ts'
import type { Prober } from '../../agent/pods/probes/prober.ts'
import type { Runtime, SandboxState } from '../../agent/runtime/runtime.ts'
import type { PodStatus } from '../../shared/api/generated/core-v1.ts'
import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
} from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Clock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import type { EventReport, PodReport } from '../../shared/protocol/frames.ts'
import { assignedMetadata } from './assigned-pod.ts'
import { FakeProber } from './fake-prober.ts'
import { seededRandom } from './seeded-random.ts'

type Report = Omit<PodReport, 'sequence'>

/** The Pod manager of one node over any runtime, with a control plane that is only a set of Pods. */
export class AgentNode {
  readonly reports = new Map<string, Report>()
  readonly history: Report[] = []
  /** Makes Services reachable from a sandbox. */
  cover: (sandboxId: string) => Promise<void> = async () => {}
  readonly uncovered: string[] = []
  /** Sandboxes whose links are to end. */
  readonly left: string[] = []
  /** Links a sandbox to the Pods' network, for the agent of an `ownNetwork`. */
  link: (sandbox: SandboxState) => Promise<void> = async () => {}
  readonly events: EventReport[] = []
  readonly prober: Prober
  readonly runtime: Runtime
  drainer: PodDrainer = NO_DRAIN
  allocatable: Record<string, string> = { cpu: '4', memory: '8Gi' }
  services: Service[] | undefined = []
  hostIP = '192.0.2.10'
  readonly #clock: Clock
  readonly #devices: readonly Device[]
  readonly #pods = new Map<string, Persisted<Pod>>()
  readonly #configMaps = new Map<string, Persisted<ConfigMap>>()
  readonly #secrets = new Map<string, Persisted<Secret>>()
  readonly #claims = new Map<string, Persisted<PersistentVolumeClaim>>()
  readonly #volumes = new Map<string, Persisted<PersistentVolume>>()
  #revision = 1
  #network: Pick<PodManagerOptions, 'addresses' | 'links'> = {}
  manager: PodManager

  constructor(runtime: Runtime, clock: Clock, prober: Prober = new FakeProber(), devices: readonly Device[] = []) {
    this.prober = prober
    this.#devices = devices
    this.runtime = runtime
    this.#clock = clock
    this.manager = this.#newManager()
  }

  /** The agent process dies and another one takes its place. */
  restartAgent(): void {
    this.manager.stop()
    this.manager = this.#newManager()
    this.assign()
  }

  /** From now on addresses are the agent's, 10.244.1.1 and so on, and so are links. */
  ownNetwork(sysctls: Record<string, string>): void {
    let addresses = 0
    this.#network = {
      addresses: { take: async () => `10.244.1.${++addresses}`, release: () => {} },
      links: { sysctls, join: (sandbox) => this.link(sandbox), leave: (id) => void this.left.push(id) },
    }
    this.restartAgent()
  }

  /** Assigns a Pod, or its new version. */
  put(pod: Persisted<Pod>): Persisted<Pod> {
    const resourceVersion = String(this.#revision++)
    const stored = { ...pod, metadata: { ...pod.metadata, resourceVersion } }
    this.#pods.set(pod.metadata.uid, stored)
    this.assign()
    return stored
  }

  putConfigMap(name: string, data: Record<string, string>): void {
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: this.#newVersion(name), data }
    this.#configMaps.set(`default/${name}`, configMap)
    this.assign()
  }

  putSecret(name: string, data: Record<string, string>): void {
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
    const metadata = this.#newVersion(name)
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(encoded) }
    this.#secrets.set(`default/${name}`, secret)
    this.assign()
  }

  putClaim(name: string, claim: Pick<PersistentVolumeClaim, 'spec' | 'status'>): void {
    const metadata = this.#newVersion(name)
    this.#claims.set(`default/${name}`, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, ...claim })
    this.assign()
  }

  putVolume(name: string, volume: Pick<PersistentVolume, 'spec'>): void {
    const metadata = this.#newVersion(name)
    this.#volumes.set(name, { apiVersion: 'v1', kind: 'PersistentVolume', metadata, ...volume })
    this.assign()
  }

  removeSecret(name: string): void {
    this.#secrets.delete(`default/${name}`)
    this.assign()
  }

  /** As `kubectl delete --grace-period` does. */
  delete(name: string, graceSeconds = 30): void {
    const pod = [...this.#pods.values()].find(({ metadata }) => metadata.name === name)
    if (!pod) throw new Error(`no Pod ${name}`)
    const deletion = { deletionTimestamp: '2030-01-01T00:00:00Z', deletionGracePeriodSeconds: graceSeconds }
    this.put({ ...pod, metadata: { ...pod.metadata, ...deletion } })
  }

  /** Its object is gone from the API. */
  remove(name: string): void {
    for (const [uid, pod] of this.#pods) if (pod.metadata.name === name) this.#pods.delete(uid)
    this.assign()
  }

  assign(): void {
    const assignments: Assignments = {
      pods: new Map(this.#pods),
      configMap: (namespace, name) => this.#configMaps.get(`${namespace}/${name}`),
      secret: (namespace, name) => this.#secrets.get(`${namespace}/${name}`),
      claim: (namespace, name) => this.#claims.get(`${namespace}/${name}`),
      volumes: this.#volumes,
    }
    this.manager.assign(assignments)
  }

  status(name: string): PodStatus | undefined {
    return this.#report(name)?.status
  }

  isTerminated(name: string): boolean {
    return this.#report(name)?.terminated ?? false
  }

  /** `reason: message` of every event so far. */
  said(): string[] {
    return this.events.map(({ reason, message }) => `${reason}: ${message}`)
  }

  #newVersion(name: string) {
    return { ...assignedMetadata(name), resourceVersion: String(this.#revision++) }
  }

  #report(name: string): Report | undefined {
    return [...this.reports.values()].find((report) => report.name === name)
  }

  #newManager(): PodManager {
    const manager = new PodManager({
      runtime: this.runtime,
      reporter: {
        podStatus: (report) => this.#take(manager, report),
        event: (event) => void (manager === this.manager && this.events.push(event)),
      },
      prober: this.prober,
      clock: this.#clock,
      random: seededRandom(1),
      log: silentLogger,
      hostIPs: () => [this.hostIP],
      resolvConf: async () => ({ servers: ['192.0.2.53'], searches: [], options: [] }),
      allocatable: () => this.allocatable,
      services: () => this.services,
      devices: this.#devices,
      ...this.#network,
      serviceRules: {
        cover: ({ id }) => this.cover(id),
        uncover: (id) => void this.uncovered.push(id),
      },
      drainer: { drain: (...what) => this.drainer.drain(...what) },
    })
    manager.start()
    return manager
  }

  /** Stores it, as the control plane would, so that an agent that starts later sees it. */
  #take(manager: PodManager, report: Report): void {
    if (manager !== this.manager) return
    this.reports.set(report.uid, report)
    this.history.push(report)
    const pod = this.#pods.get(report.uid)
    if (pod) this.#pods.set(report.uid, { ...pod, status: report.status })
  }
}
