// What Kubette adds to Docker's own time: a one-container Pod from its creation in the API until a watch shows it
// Running, beside the same two containers made straight through the Engine's API; in turns, on this machine's Docker.
//   npx tsx test/bench/pod-start.ts [pairs] [Pods at once] [Pods at rest]
import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { createInterface } from 'node:readline'
import { DockerApi } from '../../agent/runtime/docker/docker-api.ts'
import { LABELS, type Labels, labelFilter } from '../../agent/runtime/docker/labels.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { sleep, systemClock } from '../../shared/clock.ts'
import { connectTo } from '../support/connect-to.ts'
import { endOnSignal } from '../support/end-on-signal.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { percentile } from '../support/percentile.ts'
import { run } from '../support/shell.ts'
import { loadTestImage, TEST_IMAGE } from '../support/test-image.ts'

const PAIRS = Number(process.argv[2] ?? 30)
const AT_ONCE = Number(process.argv[3] ?? 30)
const AT_REST = Number(process.argv[4] ?? 100)
const COMMAND = ['sleep', '100000']
const PODS = '/api/v1/namespaces/default/pods'
const SETTLE_MS = 30_000
const REST_MS = 60_000
const TICKS_PER_SECOND = 100

const clock = systemClock()
const docker = new DockerApi({}, clock)

/** Pods of one cluster, made and watched through its API. */
class Pods {
  readonly #session: ClientHttp2Session
  readonly #waiting = new Map<string, (event: { type: string; pod: Persisted<Pod> }) => void>()

  constructor(kubeconfig: string) {
    const { url, ca, tls, api } = connectTo(kubeconfig)
    api.close()
    this.#session = connect(url, { ca, ...tls })
    void this.#watch()
  }

  /** Resolves when it is Running. */
  async run(name: string): Promise<void> {
    const spec = {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: TEST_IMAGE, command: COMMAND }],
    }
    const running = this.#until(name, ({ pod }) => pod.status?.phase === 'Running')
    await Promise.all([running, this.#send('POST', PODS, { metadata: { name }, spec })])
  }

  /** Resolves when nothing of it is left. */
  async remove(name: string): Promise<void> {
    const gone = this.#until(name, ({ type }) => type === 'DELETED')
    await Promise.all([gone, this.#send('DELETE', `${PODS}/${name}`)])
  }

  close(): void {
    this.#session.destroy()
  }

  #until(name: string, isReached: (event: { type: string; pod: Persisted<Pod> }) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(name, (event) => {
        if (isReached(event)) resolve()
      })
    })
  }

  async #watch(): Promise<void> {
    const stream = this.#session.request({ ':path': `${PODS}?watch=true` }).on('error', () => {})
    for await (const line of createInterface({ input: stream })) {
      const { type, object } = JSON.parse(line) as { type: string; object: Persisted<Pod> }
      this.#waiting.get(object.metadata.name)?.({ type, pod: object })
    }
  }

  async #send(method: string, path: string, body?: object): Promise<void> {
    const stream = this.#session.request({ ':method': method, ':path': path, 'content-type': 'application/json' })
    stream.setEncoding('utf8').end(body && JSON.stringify(body))
    let text = ''
    for await (const chunk of stream) text += chunk
    const answer = JSON.parse(text) as { status?: unknown; message?: string }
    if (answer.status === 'Failure') throw new Error(answer.message)
  }
}

/** The same two containers without Kubette: one like a sandbox, with a link of Docker's, and one that joins it. */
class BareContainers {
  readonly #pauseImage: string
  readonly #network: string

  private constructor(pauseImage: string, network: string) {
    this.#pauseImage = pauseImage
    this.#network = network
  }

  /** With the image of a sandbox that runs, and its cluster's network. */
  static async like(podName: string): Promise<BareContainers> {
    const find = async <T>(path: string, labels: Labels) => {
      const [found] = await docker.json<T[]>({
        method: 'GET',
        path,
        query: { filters: { label: labelFilter(labels) } },
      })
      if (!found) throw new Error(`nothing at ${path} is like ${podName}'s`)
      return found
    }
    const wanted = { [LABELS.podName]: podName, [LABELS.kind]: 'sandbox' }
    const sandbox = await find<{ Image: string; Labels: Labels }>('/containers/json', wanted)
    const cluster = { [LABELS.cluster]: sandbox.Labels[LABELS.cluster] ?? '' }
    return new BareContainers(sandbox.Image, (await find<{ Name: string }>('/networks', cluster)).Name)
  }

  /** Resolves with the ids once both run. */
  async run(): Promise<string[]> {
    const network = { NetworkMode: this.#network, IpcMode: 'shareable' }
    const sandbox = await this.#start({ Image: this.#pauseImage, HostConfig: network })
    const joined = { NetworkMode: `container:${sandbox}`, IpcMode: `container:${sandbox}` }
    return [sandbox, await this.#start({ Image: TEST_IMAGE, Cmd: COMMAND, HostConfig: joined })]
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids.toReversed()) {
      await docker.json({ method: 'DELETE', path: `/containers/${id}`, query: { force: true, v: true } })
    }
  }

  async #start(body: object): Promise<string> {
    const { Id } = await docker.json<{ Id: string }>({ method: 'POST', path: '/containers/create', body })
    await docker.json({ method: 'POST', path: `/containers/${Id}/start` })
    return Id
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const startedAt = performance.now()
  const result = await work()
  return { ms: performance.now() - startedAt, result }
}

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, number) => `${prefix}-${number}`)

async function comparePairs(pods: Pods, bare: BareContainers): Promise<void> {
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (const name of names('pair', PAIRS)) {
    ours.push((await timed(() => pods.run(name))).ms)
    await pods.remove(name)
    const { ms, result } = await timed(() => bare.run())
    theirs.push(ms)
    await bare.remove(result)
  }
  const overheads = ours.map((ms, index) => ms - (theirs[index] ?? 0))
  for (const [percent, goalMs] of [
    [50, 25],
    [99, 75],
  ] as const) {
    const [a, b, more] = [ours, theirs, overheads].map((each) => percentile(each, percent).toFixed(0))
    console.log(
      `create to Running, p${percent}: ${a} ms, Engine ${b} ms, pairwise overhead ${more} ms (goal <= ${goalMs})`,
    )
  }
}

async function compareAtOnce(pods: Pods, bare: BareContainers): Promise<void> {
  const some = names('burst', AT_ONCE)
  const ours = await timed(() => Promise.all(some.map((name) => pods.run(name))))
  await Promise.all(some.map((name) => pods.remove(name)))
  const theirs = await timed(() => Promise.all(some.map(() => bare.run())))
  for (const ids of theirs.result) await bare.remove(ids)
  const rate = ({ ms }: { ms: number }) => (AT_ONCE / (ms / 1000)).toFixed(1)
  const ratio = (ours.ms / theirs.ms).toFixed(2)
  console.log(`${AT_ONCE} at once: ${rate(ours)} Pods/s, Engine ${rate(theirs)}/s, time ratio ${ratio} (goal <= 1.1)`)
}

async function agentAtRest(pods: Pods, dataDir: string): Promise<void> {
  const many = names('rest', AT_REST)
  await Promise.all(many.map((name) => pods.run(name)))
  await sleep(clock, SETTLE_MS)
  const [id] = (await run('pgrep', ['-f', `kubette.js agent .*${dataDir}`])).split('\n')
  const cpuSeconds = () => {
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  }
  const before = cpuSeconds()
  await sleep(clock, REST_MS)
  const percent = ((cpuSeconds() - before) / (REST_MS / 1000)) * 100
  const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) / 1000
  console.log(
    `agent with ${AT_REST} Pods at rest: ${percent.toFixed(2)} % of a core (goal < 0.5), ${resident.toFixed(0)} MB (goal 80)`,
  )
  await Promise.all(many.map((name) => pods.remove(name)))
}

await loadTestImage()
const up = new UpProcess(await freePort())
endOnSignal(() => up.destroy())
try {
  await up.start('--nodes', '1', '--no-example')
  const pods = new Pods(up.kubeconfig)
  await pods.run('first')
  const bare = await BareContainers.like('first')
  if (PAIRS > 0) await comparePairs(pods, bare)
  if (AT_ONCE > 0) await compareAtOnce(pods, bare)
  if (AT_REST > 0) await agentAtRest(pods, up.dataDir)
  pods.close()
} finally {
  await up.destroy()
}
