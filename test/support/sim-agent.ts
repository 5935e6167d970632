import { type ControlLink, createControlLink } from '../../agent/connection/control-link.ts'
import { ServiceDrain } from '../../agent/network/drain/service-drain.ts'
import { NetworkState } from '../../agent/network/network-state.ts'
import { PodManager } from '../../agent/pods/pod-manager.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { NodeReport } from '../../shared/protocol/frames.ts'
import type { MessageSocket } from '../../shared/protocol/message-socket.ts'
import { type Random, randomInt } from '../../shared/random.ts'
import { FakeProber } from './fake-prober.ts'
import type { FakeProgram } from './fake-program.ts'
import { FakeRuntime } from './fake-runtime.ts'
import { SimRules } from './sim-rules.ts'
import type { SimSeams } from './sim-seams.ts'
import { type SocketPair, socketPair } from './socket-pair.ts'
import { UnansweredCalls } from './unanswered-calls.ts'

export interface SimAgentOptions {
  name: string
  /** Tells the machines' addresses apart. */
  number: number
  clock: Clock
  random: Random
  log: Logger
  seams: SimSeams
  /** Hands the control plane its end of a new connection; throws while there is nobody to take it. */
  accept(socket: MessageSocket, nodeName: string): void
}

/** One machine: a fake runtime that lives on, the agent's process on it, and its cable to the control plane. */
export class SimAgent {
  readonly name: string
  readonly runtime: FakeRuntime
  readonly rules = new SimRules()
  /** What the agent does not get to know of its runtime. */
  readonly unanswered: UnansweredCalls
  readonly #options: SimAgentOptions
  #process: { manager: PodManager; link: ControlLink; leaveRules: () => void } | undefined
  #connection: SocketPair | undefined
  #cable: 'whole' | 'cut' = 'whole'
  #delayMs = 0

  constructor(options: SimAgentOptions) {
    const { name, number, clock, random } = options
    this.name = name
    this.#options = options
    this.unanswered = new UnansweredCalls(clock)
    this.runtime = new FakeRuntime({
      clock,
      addressPrefix: `10.244.${number}`,
      sandboxStartMs: 230,
      containerStartMs: 90,
      pullMs: 400,
      program: () => ({ onTerm: whatTermDoes(random) }),
    })
  }

  get isRunning(): boolean {
    return this.#process !== undefined
  }

  get isReachable(): boolean {
    return this.#process !== undefined && this.#cable === 'whole' && this.#delayMs === 0
  }

  start(): void {
    if (this.#process) return
    const { clock, random, seams } = this.#options
    const log = this.#options.log.child({ agent: this.name })
    const runtime = this.unanswered.before(this.runtime)
    const network = new NetworkState({ clock, log })
    const leaveRules = this.rules.follow(seams.network?.(network) ?? network, clock, random)
    const link = createControlLink({
      dial: () => this.#dial(),
      clock,
      random,
      log,
      agentVersion: '0.0.0',
      node: () => REPORT,
      assignments: { assign: (assignments) => manager.assign(assignments) },
      network,
      streams: { serve: async () => undefined },
    })
    const { withdrawals } = link
    const manager = new PodManager({
      runtime: seams.runtime?.(runtime, this.name) ?? runtime,
      reporter: seams.reporter?.(link.reporter) ?? link.reporter,
      prober: new FakeProber(),
      drainer: new ServiceDrain({ withdrawals, network, connections: { list: async () => [] }, clock, log }),
      clock,
      random,
      log,
      hostIPs: () => [`192.0.2.${this.#options.number}`],
      resolvConf: async () => ({ servers: ['192.0.2.53'], searches: [], options: [] }),
      allocatable: () => ({ cpu: '4', memory: '8Gi' }),
    })
    this.#process = { manager, link, leaveRules }
    manager.start()
    link.start()
  }

  /** kill -9: no goodbye; what runs in the runtime runs on. */
  crash(): void {
    this.#connection?.cut()
    this.#end()
  }

  /** The machine goes off: the agent and all that runs on it. */
  powerCut(): void {
    // Nobody is left to close it.
    this.#connection?.drop()
    this.#end()
    this.runtime.powerCut()
    this.rules.forget()
  }

  #end(): void {
    const { manager, link, leaveRules } = this.#process ?? {}
    this.#process = undefined
    leaveRules?.()
    manager?.stop()
    link?.close()
  }

  /** `noticed`: both ends see it at once; else messages are lost without a word, until it is healed. */
  cut(noticed: boolean): void {
    this.#cable = 'cut'
    if (noticed) this.#connection?.cut()
    else this.#connection?.drop()
  }

  /** Nothing comes through the connection any more, as where a router has forgotten it; another one would work. */
  losePath(): void {
    this.#connection?.drop()
  }

  /** A connection that has lost messages is lost itself: TCP delivers all or fails. */
  heal(): void {
    if (this.#cable === 'cut') this.#connection?.cut()
    this.#cable = 'whole'
    this.#delayMs = 0
  }

  /** Every message takes so much longer from now on, as over a bad line or to a machine that is stalled. */
  slowDown(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** The other end's process is gone. */
  loseConnection(): void {
    this.#connection?.cut()
  }

  async #dial(): Promise<MessageSocket> {
    if (this.#cable === 'cut') throw new Error('no route to host')
    const { clock, random, name, accept, seams } = this.#options
    const pair = socketPair({ clock, delayMs: () => 1 + randomInt(random, 5) + this.#delayMs })
    accept(pair.a, name)
    this.#connection = pair
    return seams.agentSocket?.(pair.b) ?? pair.b
  }
}

/** Most programs end soon when they are asked to, some never. */
function whatTermDoes(random: Random): FakeProgram['onTerm'] {
  return random.next() < 0.1 ? 'ignore' : { afterMs: randomInt(random, 3_000), exitCode: 0 }
}

const REPORT: NodeReport = {
  labels: {},
  status: {
    capacity: { cpu: '4', memory: '8Gi', pods: '110' },
    allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
    conditions: [
      { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory' },
      { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure' },
      { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID' },
      { type: 'Ready', status: 'True', reason: 'KubeletReady' },
    ],
    nodeInfo: {
      architecture: 'amd64',
      bootID: '',
      containerRuntimeVersion: 'fake://1.0.0',
      kernelVersion: '6.0.0',
      kubeProxyVersion: '',
      kubeletVersion: 'v1.36.0',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'Fake Linux',
      systemUUID: '',
    },
  },
}
