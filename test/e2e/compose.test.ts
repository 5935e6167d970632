import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LABELS } from '../../agent/runtime/docker/labels.ts'
import { clusterIdsIn } from '../../bin/data-directory.ts'
import { BASE_IMAGE, buildBaseImage } from '../support/base-image.ts'
import { freePort, kubectlWith } from '../support/kubette.ts'
import { eventually, run, tryRun } from '../support/shell.ts'
import { loadTestImage, TEST_IMAGE } from '../support/test-image.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('docker-compose.yml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubette-compose-'))
  const kubeconfig = join(folder, 'kubeconfig')
  let env: Record<string, string>
  const compose = (...args: string[]) =>
    run('docker-compose', ['-p', 'kubette-test', ...args], { cwd: ROOT, env, timeoutMs: 300_000 })
  const kubectl = (...args: string[]) => kubectlWith(kubeconfig, ...args)

  beforeAll(async () => {
    chmodSync(folder, 0o755)
    // No `kubette up` of another test takes these: it begins at 10.42.
    const ranges = { KUBETTE_CLUSTER_CIDR: '10.40.0.0/16', KUBETTE_SERVICE_CIDR: '10.41.0.0/16' }
    env = { KUBETTE_BASE: BASE_IMAGE, KUBETTE_DIR: folder, KUBETTE_PORT: String(await freePort()), ...ranges }
    await Promise.all([buildBaseImage(), loadTestImage()])
    await compose('up', '-d', '--build')
  })
  afterAll(async () => {
    await tryRun('docker-compose', ['-p', 'kubette-test', 'down', '-v', '--remove-orphans'], { cwd: ROOT, env })
    await tryRun('docker', ['rmi', 'kubette:local', BASE_IMAGE])
    rmSync(folder, { recursive: true, force: true })
  })

  it('brings up a control plane and three nodes', async () => {
    await eventually('the kubeconfig', async () => existsSync(kubeconfig))
    await eventually('three nodes are Ready', async () => {
      const status = await kubectl(
        'get',
        'nodes',
        '-o',
        'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
      )
      return status === 'True True True'
    })
  })

  it('runs a Deployment', async () => {
    await kubectl(
      'create',
      'deployment',
      'web',
      `--image=${TEST_IMAGE}`,
      '--replicas=3',
      '--',
      'httpd',
      '-f',
      '-p',
      '8080',
    )
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
    const logs = await kubectl('logs', 'deployment/web')
    expect(logs).toBe('')
  })

  it('is ended as its first lines say, which leaves nothing', async () => {
    const [clusterId] = await clusterIdsIn(folder)
    await compose('stop')
    await compose('run', '--rm', '-v', '/var/run/docker.sock:/var/run/docker.sock', 'server', 'down')
    await compose('down', '-v')
    const left = await run('docker', ['ps', '-aq', '--filter', `label=${LABELS.cluster}=${clusterId}`])
    expect(left).toBe('')
    expect(existsSync(kubeconfig)).toBe(false)
  })
})
