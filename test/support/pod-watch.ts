import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { kubectlPath } from './kubectl.ts'

/** A Pod as one event of a watch showed it. */
export interface SeenPod {
  name: string
  isReady: boolean
  isDeleted: boolean
  /** Succeeded or Failed: nothing of it runs any more. */
  isFinished: boolean
  image: string
}

const COLUMNS = [
  '{.type}',
  '{.object.metadata.name}',
  '{.object.spec.containers[0].image}',
  '{.object.status.conditions[?(@.type=="Ready")].status}',
  '{.object.metadata.deletionTimestamp}',
  '{.object.status.phase}',
]

/** Follows the Pods that a selector finds, through `kubectl get --watch`, and keeps what was there after each event. */
export class PodWatch {
  readonly #child: ChildProcess
  readonly #states: SeenPod[][] = []
  readonly #pods = new Map<string, SeenPod>()

  private constructor(child: ChildProcess) {
    this.#child = child
    let rest = ''
    child.stdout?.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#see(line)
    })
  }

  static async start(kubeconfig: string, selector: string): Promise<PodWatch> {
    const output = `jsonpath=${COLUMNS.join('|')}{"\\n"}`
    const args = [
      '--kubeconfig',
      kubeconfig,
      'get',
      'pods',
      '-l',
      selector,
      '-w',
      '--output-watch-events',
      '-o',
      output,
    ]
    return new PodWatch(spawn(await kubectlPath('1.36'), args, { stdio: ['ignore', 'pipe', 'inherit'] }))
  }

  /** All states so far, the oldest first. */
  get states(): readonly (readonly SeenPod[])[] {
    return this.#states
  }

  /** Ends it and returns all states. */
  async stop(): Promise<readonly (readonly SeenPod[])[]> {
    this.#child.kill()
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
    return this.#states
  }

  #see(line: string): void {
    const [type, name = '', image = '', ready, deletion, phase] = line.split('|')
    const isFinished = phase === 'Succeeded' || phase === 'Failed'
    const pod: SeenPod = { name, image, isReady: ready === 'True', isDeleted: Boolean(deletion), isFinished }
    if (type === 'DELETED') this.#pods.delete(name)
    else this.#pods.set(name, pod)
    this.#states.push([...this.#pods.values()])
  }
}
