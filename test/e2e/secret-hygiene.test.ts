import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiHttp } from '../support/api-http.ts'
import { connectTo } from '../support/connect-to.ts'
import { freePort, KUBETTE, kubette } from '../support/kubette.ts'
import { eventually } from '../support/shell.ts'
import { loadTestImage, TEST_IMAGE } from '../support/test-image.ts'

/** A server and an agent that log all they can, given secrets in every way: nothing of them is to be found anywhere. */
const MARKER = 'Xk3secretmarkerQ9'
const FORMS = [MARKER, Buffer.from(MARKER).toString('base64').slice(0, 20), Buffer.from(MARKER).toString('hex')]
const dataDir = mkdtempSync(join(tmpdir(), 'kubette-secrets-'))
const agentDir = join(dataDir, 'nodes', 'n1')
const SECRETS = '/api/v1/namespaces/default/secrets'
const PODS = '/api/v1/namespaces/default/pods'
const children: ChildProcess[] = []
let said = ''
let commandLines = ''
let api: ApiHttp
let url: string
let secretKey = ''

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [KUBETTE, ...args, '--log-level', 'debug'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  children.push(child)
  return child
}

/** Of every process on this machine. */
function readCommandLines(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
    .join('\n')
}

beforeAll(async () => {
  await loadTestImage()
  const port = await freePort()
  start(
    'server',
    '--data',
    dataDir,
    '--port',
    String(port),
    '--cluster-cidr',
    '10.38.0.0/16',
    '--service-cidr',
    '10.39.0.0/16',
  )
  await eventually('the server', async () => said.includes('kubeconfig'))
  ;({ api, url } = connectTo(join(dataDir, 'kubeconfig')))
  const token = (await kubette('token', 'create', '--data', dataDir)).stdout.trim()
  secretKey = token.split('.')[2] ?? ''
  writeFileSync(join(dataDir, 'token'), token, { mode: 0o600 })
  start('agent', '--server', url, '--name', 'n1', '--data', agentDir, '--token-file', join(dataDir, 'token'))
  await eventually('the node', async () => (await api.get('/api/v1/nodes/n1')).text.includes('KubeletReady'))
})

afterAll(async () => {
  api.close()
  for (const child of children.reverse()) if (child.exitCode === null && child.kill()) await once(child, 'exit')
  await kubette('down', '--data', dataDir)
  rmSync(dataDir, { recursive: true, force: true })
})

async function refusedAnswers(): Promise<string[]> {
  const yaml = { 'content-type': 'application/yaml' }
  const json = { 'content-type': 'application/json' }
  const bad = [
    await api.post(SECRETS, { metadata: { name: 'S' }, stringData: { a: MARKER } }),
    await api.post(SECRETS, { metadata: { name: 's' }, data: { a: `${MARKER}!` } }),
    await api.post(SECRETS, { metadata: { name: 's' }, data: MARKER }),
    await api.post(SECRETS, {
      metadata: { name: 's' },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': MARKER },
    }),
    await api.post(SECRETS, `{"metadata":{"name":"s"},"data":{"a":${MARKER}}}`, json),
    await api.post(SECRETS, `metadata: {name: s}\ndata: {a: ${MARKER}`, yaml),
    await api.post(`${SECRETS}?fieldValidation=Strict`, { metadata: { name: 's' }, dataa: { a: MARKER } }),
    await api.put(`${SECRETS}/none`, { metadata: { name: 'none' }, stringData: { a: MARKER } }),
    await api.patch(`${SECRETS}/known`, 'merge', { data: { a: `${MARKER}!` } }),
    await api.patch(`${SECRETS}/known`, 'json', [{ op: 'test', path: '/data/a', value: MARKER }]),
    await api.patch(`${SECRETS}/known`, 'merge', { stringData: { a: MARKER }, type: 'other' }),
    await api.patch(`${SECRETS}/known`, 'strategic-merge', { data: { $patch: MARKER } }),
    await api.send('DELETE', `${SECRETS}/known`, { body: { preconditions: { uid: 3 }, stringData: MARKER } }),
    await api.send('POST', '/kubette/v1/join', { headers: { authorization: `Bearer ${MARKER}` }, body: {} }),
    await api.send('POST', '/kubette/v1/renew', { body: { nodeName: 'n1', csr: MARKER } }),
    await api.get(`/version?token=${MARKER}`, { authorization: `Bearer ${MARKER}` }),
  ]
  expect(
    bad
      .slice(0, -1)
      .map(({ status }) => status)
      .filter((status) => status < 400),
  ).toEqual([])
  return bad.map(({ text }) => text)
}

/** One that runs with a Secret in its environment, and one whose Secret lacks the key. */
async function runPods(): Promise<void> {
  const env = (key: string) => [{ name: 'A', valueFrom: { secretKeyRef: { name: 'known', key } } }]
  for (const [name, key] of [
    ['good', 'a'],
    ['bad', 'missing'],
  ] as const) {
    const container = { name: 'c', image: TEST_IMAGE, command: ['sh', '-c', 'test -n "$A"'], env: env(key) }
    await api.post(PODS, { metadata: { name }, spec: { restartPolicy: 'Never', containers: [container] } })
  }
  await eventually('both Pods', async () => {
    commandLines += readCommandLines()
    const [good, bad] = [await api.get(`${PODS}/good`), await api.get(`${PODS}/bad`)]
    return good.json.status.phase === 'Succeeded' && bad.text.includes('CreateContainerConfigError')
  })
}

it('tells no secret in logs, events, answers, objects or process lists', async () => {
  await api.post(SECRETS, { metadata: { name: 'known' }, stringData: { a: MARKER } })
  const answers = await refusedAnswers()
  await runPods()
  const paths = ['/api/v1/events', '/api/v1/pods', '/api/v1/nodes', '/api/v1/configmaps']
  const objects = await Promise.all(paths.map(async (path) => (await api.get(path)).text))
  expect(said).toContain('request refused')
  expect(commandLines).toContain('--token-file')
  const places = { answers: answers.join('\n'), objects: objects.join('\n'), logs: said, commandLines }
  for (const [place, text] of Object.entries(places)) {
    for (const form of [...FORMS, secretKey, 'PRIVATE KEY'])
      expect(text.includes(form), `${form} in ${place}`).toBe(false)
  }
})
