import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { NODES, PODS, REPLICA_SETS } from '../../shared/api/kinds.ts'
import type { KubeObject } from '../../shared/api/object.ts'
import { KUBECTL_VERSIONS, kubectlPath } from '../support/kubectl.ts'
import { deployment, node, pod } from '../support/sample-objects.ts'
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts'

/** What a release does builds on what it did before; it does not wait for other releases. */
const it = test.sequential
let server: TestApiServer
let folder: string

beforeAll(async () => {
  server = await startTestApiServer()
  folder = await mkdtemp(join(tmpdir(), 'kubette-kubectl-'))
  await Promise.all(KUBECTL_VERSIONS.map(kubectlPath))
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

interface Outcome {
  code: number
  out: string
  err: string
}

/** Unchanged kubectls against the API alone: nothing runs Pods here, and no controller answers. */
describe.concurrent.each(KUBECTL_VERSIONS)('kubectl %s', (version) => {
  const namespace = `v${version.replace('.', '-')}`
  let binary: string

  beforeAll(async () => {
    binary = await kubectlPath(version)
    await ok('create', 'namespace', namespace)
  })

  function run(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
    const options = { env: { ...process.env, KUBECONFIG: server.kubeconfig, HOME: folder, ...env }, timeout: 30_000 }
    const scoped = args[0] === 'create' && args[1] === 'namespace' ? args : ['-n', namespace, ...args]
    return new Promise((resolve) => {
      execFile(binary, scoped, options, (error, out, err) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, out, err })
      })
    })
  }

  async function ok(...args: string[]): Promise<string> {
    const { code, out, err } = await run(args)
    expect(`${code} ${err.replace(/Warning: version difference.*\n|Flag --short.*\n/g, '')}`).toMatch(/^0 /)
    return out.trim()
  }

  async function refused(...args: string[]): Promise<string> {
    const { code, err } = await run(args)
    expect(code).not.toBe(0)
    return err.trim()
  }

  async function file(name: string, object: object): Promise<string> {
    const path = join(folder, `${namespace}-${name}.yaml`)
    await writeFile(path, stringify(object))
    return path
  }

  it('discovers the API', async () => {
    expect(await ok('version')).toContain('v1.36.0+kubette')
    expect((await ok('api-versions')).split('\n')).toEqual([
      'apiextensions.k8s.io/v1',
      'apps/v1',
      'autoscaling/v2',
      'batch/v1',
      'coordination.k8s.io/v1',
      'discovery.k8s.io/v1',
      'metrics.k8s.io/v1beta1',
      'networking.k8s.io/v1',
      'scheduling.k8s.io/v1',
      'storage.k8s.io/v1',
      'v1',
    ])
    expect(await ok('api-resources')).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m)
    expect(await ok('api-resources', '--categories=all', '-o', 'name')).toBe(
      'pods\nservices\ndeployments.apps\nreplicasets.apps',
    )
  })

  it('applies: creates, does nothing, changes, removes', async () => {
    const first = deployment('applied')
    const path = await file('applied', first)
    expect(await ok('apply', '-f', path)).toBe('deployment.apps/applied created')
    expect(await ok('apply', '-f', path)).toBe('deployment.apps/applied unchanged')
    const [container] = first.spec.template.spec.containers
    const env = [{ name: 'A', value: '1' }]
    const containers = [
      { ...container, image: 'other', env },
      { name: 'side', image: 'side' },
    ]
    const changed = {
      ...first,
      spec: { ...first.spec, replicas: 3, template: { ...first.spec.template, spec: { containers } } },
    }
    await file('applied', changed)
    const { code, out } = await run(['diff', '-f', path])
    expect(code).toBe(1)
    expect(out).toMatch(/^-.*replicas: 2$/m)
    expect(out).toMatch(/^\+.*replicas: 3$/m)
    expect(await ok('apply', '--dry-run=server', '-f', path)).toBe(
      'deployment.apps/applied configured (server dry run)',
    )
    expect(await ok('apply', '-f', path)).toBe('deployment.apps/applied configured')
    const images = '{.spec.replicas}{range .spec.template.spec.containers[*]} {.name}={.image}{end}'
    expect(await ok('get', 'deploy', 'applied', '-o', `jsonpath=${images}`)).toBe('3 c=other side=side')
    await file('applied', first)
    await ok('apply', '-f', path)
    expect(await ok('get', 'deploy', 'applied', '-o', `jsonpath=${images}`)).toBe('2 c=busybox')
  })

  it('validates what it sends', async () => {
    const wrong = { ...deployment('wrong'), spec: { ...deployment('wrong').spec, replicaz: 2 } }
    expect(await refused('create', '-f', await file('wrong', wrong))).toContain('unknown field "spec.replicaz"')
    const invalid = { ...deployment('invalid'), spec: { ...deployment('invalid').spec, replicas: -1 } }
    expect(await refused('apply', '-f', await file('invalid', invalid))).toContain('spec.replicas: Invalid value: -1')
    expect(await refused('apply', '--server-side', '-f', await file('ssa', deployment('ssa')))).toContain(
      'server-side apply is not supported yet',
    )
  })

  it('creates by command', async () => {
    expect(await ok('create', 'deployment', 'created', '--image=nginx', '--replicas=0')).toContain('created')
    expect(await ok('get', 'deploy', 'created', '-o', 'jsonpath={.spec.replicas}')).toBe('0')
    expect(await ok('create', 'configmap', 'settings', '--from-literal=a=b')).toBe('configmap/settings created')
    expect(await ok('create', 'secret', 'generic', 'hidden', '--from-literal=p=q')).toBe('secret/hidden created')
    expect(await ok('get', 'secret', 'hidden', '-o', 'jsonpath={.data.p}')).toBe('cQ==')
    expect(await ok('run', 'runner', '--image=busybox', '--port=80')).toBe('pod/runner created')
    expect(await refused('create', 'configmap', 'settings')).toContain('already exists')
  })

  it('creates, shows and describes PriorityClasses', async () => {
    const name = `${namespace}-high`
    const more = ['--value=1000', '--description=For a test.', '--preemption-policy=Never']
    expect(await ok('create', 'priorityclass', name, ...more)).toBe(`priorityclass.scheduling.k8s.io/${name} created`)
    const table = await ok('get', 'pc')
    expect(table).toMatch(/^NAME +VALUE +GLOBAL-DEFAULT +AGE/)
    expect(table).toMatch(new RegExp(`^${name} +1000 +false `, 'm'))
    const described = await ok('describe', 'pc', name)
    for (const line of [/^Value: +1000$/m, /^GlobalDefault: +false$/m, /^PreemptionPolicy: +Never$/m]) {
      expect(described).toMatch(line)
    }
    await ok('delete', 'pc', name)
  })

  it('shows objects in every form', async () => {
    expect(await ok('get', 'deploy', 'created')).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\ncreated +0\/0 /)
    expect(await ok('get', 'deploy', '-o', 'wide')).toMatch(/CONTAINERS +IMAGES +SELECTOR/)
    expect(await ok('get', 'deploy,cm', '-o', 'name')).toContain('configmap/settings')
    expect(JSON.parse(await ok('get', 'cm', 'settings', '-o', 'json'))).toMatchObject({
      kind: 'ConfigMap',
      data: { a: 'b' },
    })
    expect(await ok('get', 'cm', 'settings', '-o', 'yaml')).toContain('kind: ConfigMap')
    expect(await ok('get', 'cm', '-o', 'custom-columns=N:.metadata.name')).toBe('N\nsettings')
    expect(await ok('get', 'pods', '-A', '--sort-by=.metadata.name')).toContain('runner')
    expect(await ok('get', 'pods', '--field-selector=status.phase=Pending', '-l', 'run=runner', '-o', 'name')).toBe(
      'pod/runner',
    )
    expect(await ok('get', 'all')).toContain('deployment.apps/created')
    expect(await ok('get', 'all', '--show-labels')).toContain('run=runner')
    expect(await refused('get', 'pod', 'nothing')).toBe('Error from server (NotFound): pods "nothing" not found')
    expect(await refused('get', 'unicorns')).toContain(`the server doesn't have a resource type "unicorns"`)
  })

  it('explains', async () => {
    expect(await ok('explain', 'pod.spec.containers.image')).toContain('image <string>')
    expect(await ok('explain', 'deployment.spec.strategy')).toContain('rollingUpdate\t<')
    expect(await ok('explain', 'deploy', '--recursive')).toContain('progressDeadlineSeconds')
  })

  it('labels, annotates, patches, edits, replaces', async () => {
    expect(await ok('label', 'cm', 'settings', 'x=y')).toBe('configmap/settings labeled')
    expect(await ok('annotate', 'cm', 'settings', 'note=hi')).toMatch(/^configmap\/settings annotate/)
    expect(await ok('get', 'cm', '-l', 'x=y', '-o', 'name')).toBe('configmap/settings')
    expect(await ok('label', 'cm', 'settings', 'x-')).toContain('settings unlabeled')
    expect(await ok('patch', 'deploy', 'created', '-p', '{"spec":{"paused":true}}')).toContain('patched')
    expect(await ok('patch', 'deploy', 'created', '--type=merge', '-p', '{"spec":{"paused":null}}')).toContain(
      'patched',
    )
    const operations = '[{"op":"replace","path":"/spec/replicas","value":5}]'
    expect(await ok('patch', 'deploy', 'created', '--type=json', '-p', operations)).toContain('patched')
    const edited = await run(['edit', 'cm', 'settings'], { EDITOR: 'sed -i "s/a: b/a: edited/"', KUBE_EDITOR: '' })
    expect(edited).toMatchObject({ code: 0, out: expect.stringContaining('configmap/settings edited') })
    expect(await ok('get', 'cm', 'settings', '-o', 'jsonpath={.data.a}')).toBe('edited')
    expect(await ok('replace', '-f', await file('replaced', deployment('created', 1)))).toContain('replaced')
    const other = { ...deployment('created'), spec: { ...deployment('other').spec } }
    expect(await refused('replace', '-f', await file('other', other))).toContain('field is immutable')
    const [before, after] = await file('cm', {}).then(async (cm) => {
      await writeFile(cm, await ok('get', 'cm', 'settings', '-o', 'yaml'))
      return [await ok('replace', '-f', cm), await ok('get', 'cm', 'settings', '-o', 'jsonpath={.data.a}')]
    })
    expect([before, after]).toEqual(['configmap/settings replaced', 'edited'])
  })

  it('scales, sets, pauses and restarts', async () => {
    expect(await ok('scale', 'deploy/created', '--replicas=4')).toBe('deployment.apps/created scaled')
    expect(await ok('get', 'deploy', 'created', '-o', 'jsonpath={.spec.replicas}')).toBe('4')
    expect(await refused('scale', 'deploy/created', '--current-replicas=9', '--replicas=1')).toContain(
      'Expected replicas to be 9',
    )
    expect(await ok('set', 'image', 'deploy/created', 'c=nginx:2')).toContain('image updated')
    expect(await ok('set', 'env', 'deploy/created', 'A=1')).toContain('env updated')
    expect(await ok('set', 'resources', 'deploy/created', '--limits=cpu=0.5,memory=128Mi')).toContain(
      'requirements updated',
    )
    const limits = await ok(
      'get',
      'deploy',
      'created',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].resources.limits.cpu}',
    )
    expect(limits).toBe('500m')
    expect(await ok('rollout', 'pause', 'deploy/created')).toContain('paused')
    expect(await ok('rollout', 'resume', 'deploy/created')).toContain('resumed')
    expect(await ok('rollout', 'restart', 'deploy/created')).toContain('restarted')
  })

  it('shows a history and goes back in it', async () => {
    await ok('apply', '-f', await file('history', deployment('history')))
    for (const revision of ['1', '2']) await createRevision(namespace, revision)
    expect(await ok('rollout', 'history', 'deploy/history')).toMatch(/^1 +<none>\n2 +<none>$/m)
    expect(await ok('rollout', 'history', 'deploy/history', '--revision=1')).toContain('busybox:1')
    expect(await ok('rollout', 'undo', 'deploy/history', '--to-revision=1')).toContain('rolled back')
    expect(await ok('get', 'deploy', 'history', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')).toBe(
      'busybox:1',
    )
  })

  it('waits and watches', async () => {
    expect(await ok('wait', '--for=jsonpath={.status.phase}=Pending', 'pod/runner', '--timeout=10s')).toContain(
      'condition met',
    )
    expect(await refused('wait', '--for=condition=Ready', 'pod/runner', '--timeout=1s')).toContain('timed out')
    const waiting = ok('wait', '--for=condition=Ready', 'pod/runner', '--timeout=20s')
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    const asReady = (current: KubeObject) => ({ ...current, status }) as KubeObject
    await server.registry.update(PODS, { namespace, name: 'runner' }, asReady, { area: 'status' })
    expect(await waiting).toContain('pod/runner condition met')
    const deleted = ok('wait', '--for=delete', 'cm/short', '--timeout=20s')
    await ok('create', 'configmap', 'short')
    await ok('delete', 'configmap', 'short')
    await deleted
    expect(await refused('rollout', 'status', 'deploy/created', '--timeout=1s')).toContain('timed out')
  })

  it('describes', async () => {
    expect(await ok('describe', 'pod', 'runner')).toMatch(/^Name: +runner\n/)
    expect(await ok('describe', 'deploy', 'created')).toMatch(/^Replicas: +4 desired/m)
    expect(await ok('describe', 'cm', 'settings')).toContain('edited')
    expect(await ok('describe', 'ns', namespace)).toMatch(/^Status: +Active$/m)
    expect(await ok('events')).toBe('')
    expect(await ok('get', 'events')).toBe('')
  })

  it('cordons, taints and drains', async () => {
    const name = `node-${namespace}`
    await server.registry.create(NODES, node(name) as KubeObject, {})
    expect(await ok('cordon', name)).toBe(`node/${name} cordoned`)
    expect(await ok('get', 'node', name)).toContain('SchedulingDisabled')
    expect(await ok('uncordon', name)).toBe(`node/${name} uncordoned`)
    expect(await ok('taint', 'node', name, 'a=b:NoSchedule')).toContain('tainted')
    expect(await ok('taint', 'node', name, 'a-')).toContain('untainted')
    expect(await ok('describe', 'node', name)).toMatch(/^Unschedulable: +false$/m)
    const spec = { ...pod('drained').spec, nodeName: name, terminationGracePeriodSeconds: 0 }
    await server.registry.create(PODS, { ...pod('drained'), spec } as KubeObject, { namespace })
    expect(await ok('drain', name, '--force', '--timeout=20s')).toContain('drained')
    expect(await refused('get', 'pod', 'drained')).toContain('not found')
  })

  it('says of a Pod that waits for a node that it has none', async () => {
    expect(await refused('logs', 'runner')).toContain('does not have a host assigned')
    expect(await refused('exec', 'runner', '--', 'ls')).toContain('does not have a host assigned')
  })

  it('deletes', async () => {
    expect(await ok('delete', 'cm', 'settings')).toContain('configmap "settings" deleted')
    expect(await ok('delete', 'pod', 'runner', '--force', '--grace-period=0')).toContain('deleted')
    expect(await ok('delete', '-f', await file('history', deployment('history')))).toContain('deleted')
    expect(await ok('delete', 'deploy', '--all')).toContain('"applied" deleted')
    expect(await ok('get', 'deploy,cm,pods', '-o', 'name')).toBe('')
    expect(await refused('delete', 'cm', 'settings')).toContain('not found')
  })

  /** What the Deployment controller would make of an old version. */
  async function createRevision(namespace: string, revision: string): Promise<void> {
    const { metadata, spec } = JSON.parse(await ok('get', 'deploy', 'history', '-o', 'json'))
    const labels = { ...spec.selector.matchLabels, 'pod-template-hash': revision }
    const [container] = spec.template.spec.containers
    const template = {
      metadata: { labels },
      spec: { ...spec.template.spec, containers: [{ ...container, image: `busybox:${revision}` }] },
    }
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'history', uid: metadata.uid, controller: true }
    const replicaSet = {
      metadata: {
        name: `history-${revision}`,
        labels,
        ownerReferences: [owner],
        annotations: { 'deployment.kubernetes.io/revision': revision },
      },
      spec: { replicas: 0, selector: { matchLabels: labels }, template },
    }
    await server.registry.create(REPLICA_SETS, replicaSet as KubeObject, { namespace })
  }
})
