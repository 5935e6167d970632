import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Node, Service } from '../../shared/api/kinds.ts'
import { kubectlPath } from '../support/kubectl.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { eventually } from '../support/shell.ts'
import { FOREVER, shell, shellDeployment, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)

/** Tells every connection the name of the Pod, after a moment. It ends at once when it is asked to, whoever waits. */
const server = shell("trap exit TERM; nc -ll -p 8080 -e sh -c 'sleep 0.2; hostname' & wait", {
  ports: [{ name: 'http', containerPort: 8080 }],
  readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1, timeoutSeconds: 30 },
})

beforeAll(async () => {
  await loadTestImage()
  await up.start('--no-example', '--nodes', '2')
  const web = shellDeployment('web', 2, server)
  // One on each node, so that traffic has to find its way to another.
  const apart = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } }
  const spread = { ...apart, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }
  Object.assign(web.spec.template.spec ?? {}, {
    topologySpreadConstraints: [spread],
    terminationGracePeriodSeconds: 20,
  })
  const headless = { clusterIP: 'None', selector: { app: 'one' }, ports: [{ port: 8080 }] }
  await user.apply(
    web,
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'peers' }, spec: headless },
    shellPod('one', [server], { hostname: 'one', subdomain: 'peers' }),
    shellPod('client', FOREVER),
  )
  await user.ok('rollout', 'status', 'deployment/web', '--timeout=60s')
  await user.ok('wait', '--for=condition=Ready', 'pod/one', 'pod/client', '--timeout=60s')
  await user.ok('expose', 'deployment', 'web', '--port=80', '--target-port=http', '--type=NodePort')
  await eventually('the Service answers', async () => (await answersTo('web', 80, 1)).length === 1)
})

afterAll(() => up.destroy())

/** What connections from a Pod are told, one after the other; a failed one tells nothing. */
async function answersTo(host: string, port: number, count: number): Promise<string[]> {
  const script = `for i in $(seq ${count}); do nc -w 3 ${host} ${port} </dev/null; done`
  const { stdout } = await user.try(['exec', 'client', '--', 'sh', '-c', script])
  return stdout.split('\n').filter(Boolean)
}

/** What a connection from this machine is told. */
async function answerTo(host: string, port: number): Promise<string> {
  const socket = connect({ host, port })
  try {
    return (await text(socket)).trim()
  } finally {
    socket.destroy()
  }
}

async function namesOf(label: string): Promise<string[]> {
  const names = await user.ok('get', 'pods', '-l', label, '-o', 'jsonpath={.items[*].metadata.name}')
  return names.split(' ').sort()
}

const distinct = (answers: readonly string[]) => [...new Set(answers)].sort()

describe.concurrent('a Service', () => {
  it('is reached from Pods by its address and by each of its names, on every node', async () => {
    const { spec } = await user.json<Service>('get', 'service', 'web')
    const pods = await namesOf('app=web')
    const hosts = [spec.clusterIP ?? '', 'web', 'web.default', 'web.default.svc.cluster.local']
    const answers = await Promise.all(hosts.map((host) => answersTo(host, 80, 6)))
    expect(answers.map(({ length }) => length)).toEqual([6, 6, 6, 6])
    expect(distinct(answers.flat())).toEqual(pods)
  })

  it('without an address gives names to its Pods', async () => {
    expect(await answersTo('one.peers', 8080, 1)).toEqual(['one'])
    expect(await answersTo('peers', 8080, 1)).toEqual(['one'])
  })

  it('is reached from outside at its node port', async () => {
    const { spec } = await user.json<Service>('get', 'service', 'web')
    const port = spec.ports?.[0]?.nodePort ?? 0
    const pods = await namesOf('app=web')
    await eventually('the port is open', () => answerTo('127.0.0.1', port))
    expect(pods).toContain(await answerTo('127.0.0.1', port))
  })

  it('of type LoadBalancer is reached at the address of the nodes', async () => {
    const port = await freePort()
    await user.ok(
      'expose',
      'pod',
      'one',
      '--name=balanced',
      `--port=${port}`,
      '--target-port=http',
      '--type=LoadBalancer',
    )
    const { items } = await user.json<{ items: Node[] }>('get', 'nodes')
    const addresses = items.flatMap(
      ({ status }) => status?.addresses?.filter(({ type }) => type === 'InternalIP') ?? [],
    )
    const ip = addresses[0]?.address ?? ''
    const described = await eventually('it has an address', async () => {
      const all = await user.ok('describe', 'service', 'balanced')
      return all.includes(`LoadBalancer Ingress:     ${ip}`) && all
    })
    expect(described).toContain('EnsuredLoadBalancer')
    expect(await eventually('it answers', () => answerTo(ip, port))).toBe('one')
  })

  it('takes kubectl port-forward', async () => {
    const args = ['--kubeconfig', up.kubeconfig, 'port-forward', 'service/web', ':80']
    const forwarding = spawn(await kubectlPath('1.36'), args)
    try {
      const [said] = (await once(forwarding.stdout, 'data')) as [Buffer]
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(said.toString())?.[1])
      expect(await namesOf('app=web')).toContain(await answerTo('127.0.0.1', port))
    } finally {
      forwarding.kill()
    }
  })
})

describe('a Service whose Pods change', () => {
  it('answers every connection through a rolling update, and refuses them at once when no Pod is left', async () => {
    const before = await namesOf('app=web')
    // On a busy machine an answer may take seconds; a failure says what it is.
    const ask = 'while [ ! -e /tmp/stop ]; do nc -w 30 web 80 </dev/null 2>&1 | grep . || echo nothing; done'
    const asking = user.try(['exec', 'client', '--', 'sh', '-c', `for i in 1 2 3 4; do ${ask} & done; wait`])
    await user.ok('rollout', 'restart', 'deployment/web')
    await user.ok('rollout', 'status', 'deployment/web', '--timeout=90s')
    await eventually('the old Pods are gone', async () => (await namesOf('app=web')).length === 2)
    const after = await namesOf('app=web')
    await user.ok('exec', 'client', '--', 'touch', '/tmp/stop')
    const answers = (await asking).stdout.split('\n').filter(Boolean)
    expect(distinct(answers)).toEqual(distinct([...before, ...after]))

    await user.ok('scale', 'deployment/web', '--replicas=0')
    const refused = 'time nc -w 9 web 80 </dev/null'
    await eventually('connections are refused at once', async () => {
      const { stderr } = await user.try(['exec', 'client', '--', 'sh', '-c', refused])
      return /Connection refused[\s\S]*real\s+0m 0/.test(stderr)
    })
    expect(await user.ok('get', 'endpoints', 'web', '--no-headers')).toMatch(/^web +<none> /)
  })
})
