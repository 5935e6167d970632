import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LABELS } from '../../agent/runtime/docker/labels.ts'
import { clusterIdsIn } from '../../bin/data-directory.ts'
import { freePort, kubette, UpProcess } from '../support/kubette.ts'
import { eventually, run } from '../support/shell.ts'

const docker = async (...args: string[]) => (await run('docker', args)).trim()
const lines = (text: string) => text.split('\n').filter(Boolean)

/** What a TLS client says first. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(bytes, _encoding, done) {
        resolve(bytes)
        done()
      },
    })
    connect({ socket: wire }).on('error', () => {})
  })
}

describe('kubette up, as somebody who tries it for the first time', () => {
  let up: UpProcess
  let foreign: string
  let clusterId: string

  beforeAll(async () => {
    up = new UpProcess(await freePort())
  })
  afterAll(async () => {
    await up.destroy()
    if (!foreign) return
    await docker('rm', '-f', foreign)
    // The image that `foreign` has kept alive, if it was made here.
    const images = await docker('image', 'ls', '-q', '--filter', `label=${LABELS.cluster}=${clusterId}`)
    if (images) await docker('rmi', ...lines(images))
  })

  const ours = async () => {
    const ids = await docker('ps', '-q', '--no-trunc', '--filter', `label=${LABELS.cluster}=${clusterId}`)
    return lines(ids).sort()
  }

  it('brings up three nodes and the example, and says so in one line', async () => {
    const line = await up.start()
    clusterId = (await clusterIdsIn(up.dataDir))[0]!
    expect(line).toContain(up.kubeconfig)
    expect(line).toContain('kubectl get pods')
    const nodes = lines(await up.kubectl('get', 'nodes', '--no-headers'))
    expect(nodes).toHaveLength(3)
    expect(nodes.every((node) => /\bReady\b/.test(node))).toBe(true)
    const pods = JSON.parse(await up.kubectl('get', 'pods', '-o', 'json')).items
    expect(new Set(pods.map((pod: { spec: { nodeName: string } }) => pod.spec.nodeName)).size).toBe(3)
  })

  it('serves HTTP from every Pod at its own address', async () => {
    const pods = JSON.parse(await up.kubectl('get', 'pods', '-o', 'json')).items
    for (const { metadata, status } of pods) {
      const answer = await fetch(`http://${status.podIP}:8080/`)
      expect(await answer.text()).toBe(`hello from ${metadata.name}\n`)
    }
  })

  it('lets Pods reach the API by its name', async () => {
    const hello = (await clientHello()).toString('base64')
    const speak = `(echo ${hello} | base64 -d; sleep 1) | nc kubernetes.default 443 | head -c 2 | od -An -tx1`
    expect(await up.kubectl('exec', 'deploy/hello', '--', 'sh', '-c', speak)).toMatch(/^ *16 03$/m)
  })

  it('refuses a second one on the same data', async () => {
    const second = await kubette('up', '--data', up.dataDir, '--port', String(await freePort()))
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^kubette: already running here as process \d+/),
    })
  })

  it('says which port is taken, and ends', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'kubette-up-'))
    const second = await kubette('up', '--data', dataDir, '--port', String(up.port))
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/EADDRINUSE.*server\.log/) })
    await kubette('down', '--data', dataDir)
  })

  it('leaves Pods running after Ctrl-C, and takes them over when started again', async () => {
    const before = await ours()
    const podsBefore = await up.kubectl('get', 'pods', '-o', 'name')
    expect(await up.interrupt()).toBe(0)
    expect(await ours()).toEqual(before)
    await up.start()
    expect(await ours()).toEqual(before)
    expect(await up.kubectl('get', 'pods', '-o', 'name')).toBe(podsBefore)
    const restarts = await up.kubectl(
      'get',
      'pods',
      '-o',
      'jsonpath={.items[*].status.containerStatuses[*].restartCount}',
    )
    expect(restarts).toBe('0 0 0')
  })

  it('starts a killed agent and a killed control plane again, without touching containers', async () => {
    const before = await ours()
    for (const command of ['agent --server', 'server --data']) {
      const found = lines(await run('pgrep', ['-f', `kubette.js ${command}.*${up.dataDir}`]))
      process.kill(Number(found[0]), 'SIGKILL')
    }
    await eventually('nodes are Ready', async () => {
      const ready = await up.kubectl(
        'get',
        'nodes',
        '-o',
        'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
      )
      return ready === 'True True True'
    })
    await up.kubectl('wait', '--for=condition=Available', 'deployment/hello', '--timeout=30s')
    expect(await ours()).toEqual(before)
  })

  it('down removes what is its own and nothing else', async () => {
    const image = await up.kubectl(
      'get',
      'deployment',
      'hello',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    )
    foreign = await docker('run', '-d', '--label', 'io.kubernetes.pod.name=foreign', image, 'sleep', '600')
    const label = `label=${LABELS.cluster}=${clusterId}`
    await up.interrupt()
    expect(await kubette('down', '--data', up.dataDir)).toMatchObject({ code: 0 })
    // It has our cluster's label where its image is ours: an image's labels are its containers' too.
    expect((await ours()).filter((id) => id !== foreign)).toEqual([])
    expect(await docker('inspect', '-f', '{{.State.Running}}', foreign)).toBe('true')
    for (const what of ['network', 'volume']) expect(await docker(what, 'ls', '-q', '--filter', label)).toBe('')
    expect(existsSync(up.kubeconfig)).toBe(false)
  })
})

describe('wrong arguments', () => {
  it.each([
    [['up', '--port', 'x'], /^kubette: option '--port <port>' argument 'x' is invalid. a port is from 1 to 65535.\n$/],
    [
      ['up', '--nodes', '0'],
      /^kubette: option '--nodes <count>' argument '0' is invalid. give a number from 1 to 50.\n$/,
    ],
    [['agent'], /^kubette: required option '--server <url>' not specified\n$/],
    [['agent', '--server', 'http://x'], /^kubette: option '--server <url>' argument 'http:\/\/x' is invalid/],
    [['frobnicate'], /^kubette: unknown command 'frobnicate'\n$/],
    [['token', 'delete'], /^kubette: missing required argument 'id'\n$/],
  ])('%j gets one clear line and exit 2', async (args, message) => {
    const { code, stderr, stdout } = await kubette(...args)
    expect({ code, stderr, stdout }).toEqual({ code: 2, stderr: expect.stringMatching(message), stdout: '' })
  })
})
