import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Logger } from '../../shared/log.ts'
import type { NetworkAgentFrame, NetworkControlFrame, NetworkFrame } from '../../shared/protocol/network-frames.ts'
import type { NetworkState } from '../network/network-state.ts'
import type { PodWithdrawals } from '../network/pod-withdrawals.ts'
import { FrameChain } from './frame-chain.ts'

/** To be said that many versions at most are remembered: of more, the later ones say the same. */
const MOST_UNSAID = 1000

type Send = (frame: NetworkAgentFrame) => void

interface Asked {
  readonly question: Extract<NetworkAgentFrame, { type: 'drainPod' }>
  readonly answered: Promise<void>
  answer(): void
}

/** The part of the connection that is about the network. What is known stays while there is no connection. */
export class NetworkChannel implements PodWithdrawals {
  readonly #state: NetworkState
  readonly #log: Logger
  readonly #chain = new FrameChain<NetworkFrame>()
  /** Which version of the state has what this connection brought as its own version; what was said already is not here. */
  #unsaid: { held: number; version: number }[] = []
  /** By Pod UID. */
  readonly #asked = new Map<string, Asked>()
  #send: Send | undefined
  /** The connection has brought the network: before that nobody answers questions. */
  #isAnswered = false

  constructor(state: NetworkState, log: Logger) {
    this.#state = state
    this.#log = log
    state.onApplied(() => this.#sayApplied())
  }

  connected(send: Send): void {
    this.#send = send
  }

  disconnected(): void {
    this.#send = undefined
    this.#isAnswered = false
    this.#unsaid = []
    this.#chain.disconnected()
  }

  receive(frame: NetworkControlFrame): void {
    if (frame.type === 'podDrained') this.#asked.get(frame.uid)?.answer()
    else this.#follow(frame)
  }

  async withdrawn({ metadata }: Persisted<Pod>, signal: AbortSignal): Promise<void> {
    const { namespace = '', name, uid } = metadata
    const asked = this.#asked.get(uid) ?? this.#ask({ type: 'drainPod', namespace, name, uid })
    try {
      await unlessAborted(asked.answered, signal)
    } finally {
      this.#asked.delete(uid)
    }
  }

  #ask(question: Asked['question']): Asked {
    const { promise: answered, resolve: answer } = withResolvers()
    const asked = { question, answered, answer }
    this.#asked.set(question.uid, asked)
    if (this.#isAnswered) this.#send?.(question)
    return asked
  }

  #askAll(): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    for (const { question } of this.#asked.values()) this.#send?.(question)
  }

  #follow(frame: NetworkFrame): void {
    this.#askAll()
    const { version } = this.#chain
    const chained = this.#chain.add(frame)
    if (chained.kind === 'whole') {
      this.#unsaid.push({ held: this.#state.apply(chained.frames), version: frame.resultsIn })
      if (this.#unsaid.length > MOST_UNSAID) this.#unsaid.shift()
      this.#sayApplied()
    }
    if (chained.kind === 'gap') {
      this.#log.warn({ appliesTo: frame.appliesTo, held: version }, 'changes of the network lost, asking anew')
      this.#send?.({ type: 'networkResync' })
    }
  }

  #sayApplied(): void {
    const applied = this.#unsaid.filter(({ held }) => held <= this.#state.appliedVersion).at(-1)
    if (!applied) return
    this.#unsaid = this.#unsaid.filter(({ version }) => version > applied.version)
    this.#send?.({ type: 'networkApplied', version: applied.version })
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

function unlessAborted(waited: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    waited.then(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
  })
}
