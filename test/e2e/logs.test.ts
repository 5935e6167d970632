import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, KUBETTE, kubette, UpProcess } from '../support/kubette.ts'
import { FOREVER, shell, shellDeployment, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)

beforeAll(async () => {
  await loadTestImage()
  await up.start('--no-example', '--nodes', '2')
  await user.apply(
    shellPod(
      'talker',
      [
        shell(`echo init said`, { name: 'first' }),
        shell(`for i in 1 2 3; do echo line $i; done; sleep 2; echo line 4 >&2; ${FOREVER}`),
        shell(`echo from the side; ${FOREVER}`, { name: 'side' }),
      ].slice(1),
      { initContainers: [shell('echo from the beginning', { name: 'first' })] },
    ),
    shellDeployment('web', 2, `echo serving; ${FOREVER}`),
    shellPod('unwanted', FOREVER, { nodeSelector: { disk: 'none' } }),
  )
  await user.ok('wait', '--for=condition=Ready', 'pod/talker', '--timeout=40s')
  await user.ok('rollout', 'status', 'deploy/web', '--timeout=40s')
})
afterAll(() => up.destroy())

/** One more node on this machine, whose agent nobody starts again. */
async function joinNode(name: string): Promise<ChildProcess> {
  const token = (await kubette('token', 'create', '--data', up.dataDir)).stdout.trim()
  const where = ['--server', `https://127.0.0.1:${up.port}`, '--name', name, '--data', join(up.dataDir, name)]
  const agent = spawn(process.execPath, [KUBETTE, 'agent', ...where, '--capacity', 'cpu=500m,memory=256Mi'], {
    env: { ...process.env, KUBETTE_TOKEN: token },
    stdio: 'ignore',
  })
  await user.ok('wait', '--for=create', `node/${name}`, '--timeout=20s')
  await user.ok('wait', '--for=condition=Ready', `node/${name}`, '--timeout=20s')
  return agent
}

describe('kubectl logs', () => {
  it('follows until what it waits for has come', async () => {
    const following = user.try(['logs', '-f', 'talker', '--limit-bytes=28'])
    expect((await following).stdout).toBe('line 1\nline 2\nline 3\nline 4\n')
  })

  it('shows the end, what is newer, and when it was said', async () => {
    expect(await user.ok('logs', 'talker', '--tail=2')).toBe('line 3\nline 4')
    expect(await user.ok('logs', 'talker', '--tail=0')).toBe('')
    expect(await user.ok('logs', 'talker', '--since=1h', '--tail=1')).toBe('line 4')
    const [first, ...rest] = (await user.ok('logs', 'talker', '--timestamps')).split('\n')
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 1$/)
    expect(rest).toHaveLength(3)
    const last = rest.at(-1)?.split(' ')[0] ?? ''
    expect(await user.ok('logs', 'talker', `--since-time=${last}`)).toBe('line 4')
  })

  it('knows the containers of a Pod', async () => {
    expect(await user.ok('logs', 'talker', '-c', 'side')).toBe('from the side')
    expect(await user.ok('logs', 'talker', '-c', 'first')).toBe('from the beginning')
    const all = await user.ok('logs', 'talker', '--all-containers', '--prefix', '--tail=1')
    expect(all.split('\n').sort()).toEqual([
      '[pod/talker/c] line 4',
      '[pod/talker/first] from the beginning',
      '[pod/talker/side] from the side',
    ])
    expect(await user.refused('logs', 'talker', '-c', 'nobody')).toContain(
      'container nobody is not valid for pod talker',
    )
    expect(await user.refused('logs', 'talker', '--previous')).toContain(
      'previous terminated container "c" in pod "talker" not found',
    )
  })

  it('takes a Deployment and a selector', async () => {
    expect(await user.ok('logs', 'deployment/web')).toBe('serving')
    expect(await user.ok('logs', '-l', 'app=web')).toBe('serving\nserving')
  })

  it('says why there are none', async () => {
    expect(await user.refused('logs', 'nobody')).toContain('pods "nobody" not found')
    expect(await user.refused('logs', 'unwanted')).toContain('pod unwanted does not have a host assigned')
  })

  it('says so when the node is gone', async () => {
    const node = await joinNode('extra')
    const nodeSelector = { 'kubernetes.io/hostname': 'extra' }
    const tolerations = [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists' }]
    await user.apply(shellPod('remote', `echo here; ${FOREVER}`, { nodeSelector, tolerations }))
    await user.ok('wait', '--for=condition=Ready', 'pod/remote', '--timeout=30s')
    expect(await user.ok('logs', 'remote')).toBe('here')
    const following = user.try(['logs', '-f', 'remote'], { onStdout: () => node.kill('SIGKILL') })
    expect((await following).stdout).toBe('here\n')
    expect(await user.refused('logs', 'remote')).toBe(
      'Error from server (ServiceUnavailable): node "extra" is not connected',
    )
  })
})
