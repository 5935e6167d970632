import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pod } from '../../shared/api/kinds.ts'
import { KUBECTL_VERSIONS, type KubectlVersion, kubectlPath, OLD_KUBECTL_VERSION } from '../support/kubectl.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { eventually, tryRun } from '../support/shell.ts'
import { FOREVER, shell, shellDeployment, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage, TEST_IMAGE } from '../support/test-image.ts'

const VERSIONS: readonly KubectlVersion[] = [OLD_KUBECTL_VERSION, ...KUBECTL_VERSIONS]
const up = new UpProcess(await freePort())
const newest = new KubectlUser(up.kubeconfig)
const userOf = (version: KubectlVersion) => new KubectlUser(up.kubeconfig, 'default', version)
const forwards: ChildProcess[] = []
/** The number of its bit. */
const CAP_NET_ADMIN = 12n

beforeAll(async () => {
  await loadTestImage()
  await up.start('--no-example', '--nodes', '1')
  const serve = 'mkdir -p /www; echo here > /www/index.html; httpd -p 127.0.0.1:8080 -h /www; httpd -p 9090 -h /www'
  await newest.apply(
    shellDeployment('web', 1, `${serve}; ${FOREVER}`),
    shellPod('two', [shell(FOREVER, { name: 'a' }), shell(FOREVER, { name: 'b' })]),
  )
  await newest.ok('rollout', 'status', 'deploy/web', '--timeout=60s')
  await newest.ok('wait', '--for=condition=Ready', 'pod/two', '--timeout=60s')
})
afterAll(async () => {
  for (const forward of forwards) forward.kill()
  await up.destroy()
})

describe.concurrent.each(VERSIONS)('kubectl %s', (version) => {
  const user = userOf(version)
  const tag = version.replace('.', '-')

  it('runs commands, with both outputs, stdin and exit codes', async () => {
    const failed = await user.try(['exec', 'deploy/web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'])
    expect(failed).toMatchObject({ code: 3, stdout: 'out\n' })
    expect(failed.stderr).toContain('err\n')
    const echoed = await user.try(['exec', '-i', 'two', '-c', 'b', '--', 'cat'], { input: 'typed' })
    expect(echoed).toMatchObject({ code: 0, stdout: 'typed' })
    expect(await user.refused('exec', 'two', '-c', 'db', '--', 'ls')).toContain('container db is not valid for pod two')
  })

  it('has a terminal of the right size', async () => {
    const kubectl = `${await kubectlPath(version)} --kubeconfig ${up.kubeconfig}`
    const command = `stty cols 101 rows 33; ${kubectl} exec -it two -c a -- sh -c 'sleep 1; stty size'`
    const { stdout } = await tryRun('script', ['-qec', command, '/dev/null'])
    expect(stdout).toContain('33 101')
  })

  it('copies files in both directions', async () => {
    const [from, back] = [join(up.dataDir, `from-${tag}`), join(up.dataDir, `back-${tag}`)]
    const content = randomBytes(3_000_000)
    await writeFile(from, content)
    await user.ok('cp', from, `two:/${tag}`, '-c', 'a')
    await user.ok('cp', `two:/${tag}`, back, '-c', 'a')
    expect(digestOf(await readFile(back))).toBe(digestOf(content))
  })

  it('forwards ports of a Deployment, loopback included, for many connections at once', async () => {
    const [port, other] = [await freePort(), await freePort()]
    await forward(version, 'deploy/web', `${port}:8080`, `${other}:9090`)
    const asked = [port, other, port, other, port, other].map((each) => fetch(`http://127.0.0.1:${each}/`))
    const said = await Promise.all((await Promise.all(asked)).map((answer) => answer.text()))
    expect(said).toEqual(Array(6).fill('here\n'))
  })

  it('runs a Pod to talk to, hears its first words once, and removes it', async () => {
    const args = ['run', `talk-${tag}`, '-i', '--rm', '--restart=Never', `--image=${TEST_IMAGE}`]
    const script = 'echo first words; printf "name? "; read name; echo "hello $name"'
    const { code, stdout } = await user.try([...args, '--', 'sh', '-c', script], { input: 'kubette\n' })
    expect(code).toBe(0)
    expect(stdout.match(/first words/g)).toHaveLength(1)
    expect(stdout).toContain('name? hello kubette')
  })
})

describe.concurrent('kubectl debug', () => {
  it('adds a container that sees the processes of another', async () => {
    const [pod = ''] = (await newest.ok('get', 'pods', '-l', 'app=web', '-o', 'name')).split('\n')
    const debug = ['debug', pod, `--image=${TEST_IMAGE}`, '--target=c', '-c', 'look']
    await newest.ok(...debug, '--', 'sh', '-c', 'ps; exit 7')
    const status = await eventually('the debug container has ended', async () => {
      const { status } = await newest.json<Pod>('get', pod)
      return status?.ephemeralContainerStatuses?.[0]?.state?.terminated
    })
    expect(status?.exitCode).toBe(7)
    expect(await newest.ok('logs', pod, '-c', 'look')).toContain('httpd -p 127.0.0.1:8080')
  })

  it('copies a Pod, to look at its processes with the rights of a profile', async () => {
    const copy = ['debug', 'two', '--copy-to=seen', '--share-processes', '--profile=netadmin', `--image=${TEST_IMAGE}`]
    await newest.ok(...copy, '-c', 'look', '--', 'sh', '-c', `ps; grep CapEff /proc/self/status; ${FOREVER}`)
    await newest.ok('wait', '--for=condition=Ready', 'pod/seen', '--timeout=60s')
    const seen = await newest.ok('logs', 'seen', '-c', 'look')
    expect(seen).toContain('/pause')
    const rights = BigInt(`0x${/CapEff:\s*(\w+)/.exec(seen)?.[1]}`)
    expect((rights >> CAP_NET_ADMIN) & 1n).toBe(1n)
  })

  it('says what lets it into a node', async () => {
    await newest.ok('debug', 'node/node-1', `--image=${TEST_IMAGE}`, '--', 'ls', '/host')
    const why = 'the agent allows that only if it was started with --allow-host-path /'
    await eventually('the refusal', async () => (await newest.ok('get', 'events')).includes(why))
  })
})

/** Resolves when all ports are forwarded. */
async function forward(version: KubectlVersion, target: string, ...ports: string[]): Promise<void> {
  const args = ['--kubeconfig', up.kubeconfig, 'port-forward', target, ...ports]
  const child = spawn(await kubectlPath(version), args)
  forwards.push(child)
  let said = ''
  child.stdout.on('data', (chunk) => (said += chunk))
  child.stderr.on('data', (chunk) => (said += chunk))
  const isReady = async () => (said.match(/Forwarding from 127/g)?.length ?? 0) === ports.length
  await eventually(`kubectl port-forward: ${said}`, isReady)
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
