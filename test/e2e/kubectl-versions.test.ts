import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { KubectlVersion } from '../support/kubectl.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { eventually } from '../support/shell.ts'
import { FOREVER, shellDeployment } from '../support/shell-workloads.ts'
import { loadTestImage, TEST_IMAGE } from '../support/test-image.ts'

/** The oldest and the newest; those between have the API's tests and those of streams. */
const VERSIONS: readonly KubectlVersion[] = ['1.27', '1.36']
const OTHER_IMAGE = 'kubette-test/busybox:2'
/** What a release does builds on what it did before; it does not wait for the other. */
const it = test.sequential

beforeAll(() => Promise.all([loadTestImage(), loadTestImage({ reference: OTHER_IMAGE })]))

/** The day of somebody who runs a small service: every command against Pods that really run, in a cluster of one's own. */
describe.concurrent.each(VERSIONS)('kubectl %s', (version) => {
  const namespace = 'day'
  let up: UpProcess
  let folder: string
  let user: KubectlUser
  const file = () => join(folder, 'web.yaml')

  beforeAll(async () => {
    up = new UpProcess(await freePort())
    folder = await mkdtemp(join(tmpdir(), 'kubette-kubectl-'))
    await up.start('--no-example', '--nodes', '2')
    user = new KubectlUser(up.kubeconfig, namespace, version)
    expect(await user.ok('create', 'namespace', namespace)).toBe(`namespace/${namespace} created`)
  })
  afterAll(async () => {
    await up.destroy()
    await rm(folder, { recursive: true, force: true })
  })

  it('applies a file, again, and changed', async () => {
    await writeFile(file(), stringify(web(1)))
    expect(await user.ok('apply', '-f', file())).toBe('deployment.apps/web created')
    expect(await user.ok('apply', '-f', file())).toBe('deployment.apps/web unchanged')
    await writeFile(file(), stringify(web(2)))
    const difference = await user.try(['diff', '-f', file()])
    expect(difference).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^- {2}replicas: 1\n\+ {2}replicas: 2$/m),
    })
    expect(await user.ok('apply', '-f', file())).toBe('deployment.apps/web configured')
    expect(await user.try(['diff', '-f', file()])).toMatchObject({ code: 0, stdout: '' })
    expect(await user.ok('rollout', 'status', 'deploy/web', '--timeout=30s')).toContain('successfully rolled out')
  })

  it('names the field that is wrong', async () => {
    await writeFile(`${file()}.wrong`, stringify({ ...web(1), spec: { ...web(1).spec, replicaz: 3 } }))
    expect(await user.refused('apply', '-f', `${file()}.wrong`)).toContain('unknown field "spec.replicaz"')
    await writeFile(`${file()}.wrong`, stringify({ ...web(1), metadata: { name: 'Web' } }))
    expect(await user.refused('create', '-f', `${file()}.wrong`)).toMatch(/metadata\.name: Invalid value: "Web"/)
    expect(await user.refused('create', '-f', file())).toContain('deployments.apps "web" already exists')
  })

  it('shows what there is, in every form', async () => {
    const [plain, wide, yaml, names, columns, path, everywhere, sorted, selected, running] = await Promise.all([
      user.ok('get', 'deployments'),
      user.ok('get', 'pods', '-o', 'wide'),
      user.ok('get', 'deployment', 'web', '-o', 'yaml'),
      user.ok('get', 'deploy,rs,pods', '-o', 'name'),
      user.ok('get', 'deploy', '-o', 'custom-columns=NAME:.metadata.name,READY:.status.readyReplicas'),
      user.ok('get', 'pods', '-o', 'jsonpath={range .items[*]}{.status.phase},{end}'),
      user.ok('get', 'pods', '-A'),
      user.ok('get', 'nodes', '--sort-by={.metadata.name}', '-o', 'name'),
      user.ok('get', 'pods', '-l', 'app in (other)'),
      user.ok('get', 'pods', '--field-selector', 'status.phase=Running,spec.nodeName!=', '--no-headers'),
    ])
    expect(plain).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2 +2 +2 +\d+s$/)
    expect(wide).toMatch(/^web-\w+-\w{5} +1\/1 +Running +0 +\d+s +[\d.]+ +node-\d +<none> +<none>$/m)
    expect(yaml).toMatch(/availableReplicas: 2\n/)
    expect(names.split('\n').map((name) => name.replace(/web.*/, ''))).toEqual([
      'deployment.apps/',
      'replicaset.apps/',
      'pod/',
      'pod/',
    ])
    expect(columns).toMatch(/^NAME +READY\nweb +2$/)
    expect(path).toBe('Running,Running,')
    expect(everywhere).toMatch(new RegExp(`^NAMESPACE +NAME.*\n(.*\n)*${namespace} +web-`))
    expect(sorted).toBe('node/node-1\nnode/node-2')
    expect(selected).toBe('')
    expect(running.split('\n')).toHaveLength(2)
  })

  it('describes a Deployment, its Pods and their node', async () => {
    const pod = await anyPod()
    const [deployment, podText, node] = await Promise.all([
      user.ok('describe', 'deployment', 'web'),
      user.ok('describe', 'pod', pod.metadata.name),
      user.ok('describe', 'node', pod.spec.nodeName),
    ])
    expect(deployment).toMatch(/^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable$/m)
    expect(deployment).toMatch(/ScalingReplicaSet .*Scaled up replica set web-\w+ from 0 to 1/)
    expect(podText).toMatch(/^Controlled By: +ReplicaSet\/web-/m)
    for (const reason of ['Scheduled', 'Pulled', 'Created', 'Started']) expect(podText).toMatch(`Normal  ${reason} `)
    expect(node).toMatch(new RegExp(`^  ${namespace} +${pod.metadata.name} +`, 'm'))
    expect(node).toMatch(/^ {2}Ready +True .* KubeletReady /m)
  })

  it('creates by command, and only says so in a dry run', async () => {
    expect(await user.ok('create', 'deployment', 'made', `--image=${TEST_IMAGE}`, '--replicas=0')).toContain('created')
    expect(await user.ok('create', 'configmap', 'settings', '--from-literal=color=blue')).toContain('created')
    expect(await user.ok('create', 'secret', 'generic', 'hidden', '--from-literal=pw=geheim')).toContain('created')
    const dry = await user.ok('create', 'configmap', 'dry', '--dry-run=server', '-o', 'jsonpath={.metadata.uid}')
    expect(dry).toMatch(/^[0-9a-f-]{36}$/)
    expect(await user.refused('get', 'configmap', 'dry')).toContain('"dry" not found')
    expect(await user.ok('get', 'secret', 'hidden', '-o', 'go-template={{.data.pw|base64decode}}')).toBe('geheim')
    expect(await user.ok('describe', 'secret', 'hidden')).toMatch(/^pw: +6 bytes$/m)
    expect(await user.ok('get', 'deploy', 'made', '-o', 'wide')).toContain('app=made')
  })

  it('labels, annotates, patches, edits, replaces', async () => {
    const settings = ['configmap', 'settings'] as const
    expect(await user.ok('label', ...settings, 'tier=front')).toContain('labeled')
    expect(await user.refused('label', ...settings, 'tier=back')).toContain('--overwrite')
    expect(await user.ok('annotate', ...settings, 'why=because')).toContain('configmap/settings annotate')
    await user.ok('patch', ...settings, '-p', '{"data":{"a":"1"}}')
    await user.ok('patch', ...settings, '--type=merge', '-p', '{"data":{"color":null,"b":"2"}}')
    await user.ok('patch', ...settings, '--type=json', '-p', '[{"op":"move","from":"/data/b","path":"/data/c"}]')
    expect(await user.ok('get', 'cm', '-l', 'tier=front', '-o', 'jsonpath={.items[*].data}')).toBe('{"a":"1","c":"2"}')
    const edited = await user.try(['edit', ...settings], { env: { KUBE_EDITOR: 'sed -i s/c:/edited:/' } })
    expect(edited).toMatchObject({ code: 0, stdout: expect.stringContaining('configmap/settings edited') })
    const saved = await user.ok('get', ...settings, '-o', 'yaml')
    await writeFile(`${file()}.cm`, saved.replace(/a: "1"/, 'a: replaced'))
    expect(await user.ok('replace', '-f', `${file()}.cm`)).toBe('configmap/settings replaced')
    expect(await user.refused('replace', '-f', `${file()}.cm`)).toContain('the object has been modified')
    expect(await user.ok('get', ...settings, '-o', 'jsonpath={.data}')).toBe('{"a":"replaced","edited":"2"}')
  })

  it('scales', async () => {
    expect(await user.ok('scale', 'deploy/web', '--replicas=1')).toBe('deployment.apps/web scaled')
    await user.ok('wait', 'deploy/web', '--for=jsonpath={.status.replicas}=1', '--timeout=20s')
    expect(await user.refused('scale', 'deploy/web', '--replicas=3', '--current-replicas=2')).toContain('to be 2')
  })

  it('rolls out an image, a variable, and back again', async () => {
    expect(await user.ok('set', 'image', 'deploy/web', `c=${OTHER_IMAGE}`)).toContain('image updated')
    expect(await user.ok('rollout', 'status', 'deploy/web', '--timeout=40s')).toContain('successfully rolled out')
    expect(await user.ok('rollout', 'pause', 'deploy/web')).toContain('paused')
    expect(await user.ok('set', 'env', 'deploy/web', 'COLOR=red')).toContain('env updated')
    expect(await user.ok('get', 'rs', '-l', 'app=web', '-o', 'name')).toMatch(/^\S+\n\S+$/)
    expect(await user.ok('rollout', 'resume', 'deploy/web')).toContain('resumed')
    await user.ok('rollout', 'status', 'deploy/web', '--timeout=40s')
    expect(await user.ok('rollout', 'history', 'deploy/web')).toMatch(/^1 +<none>\n2 +<none>\n3 +<none>$/m)
    expect(await user.ok('rollout', 'history', 'deploy/web', '--revision=3')).toMatch(/COLOR:\s+red/)
    expect(await user.ok('rollout', 'undo', 'deploy/web', '--to-revision=1')).toContain('rolled back')
    await user.ok('rollout', 'status', 'deploy/web', '--timeout=40s')
    expect(await user.ok('rollout', 'history', 'deploy/web')).toMatch(/^2 +<none>\n3 +<none>\n4 +<none>$/m)
    const template = 'jsonpath={.spec.template.spec.containers[0].image}{.spec.template.spec.containers[0].env}'
    expect(await user.ok('get', 'deploy', 'web', '-o', template)).toBe(TEST_IMAGE)
    const { metadata } = await anyPod()
    expect(await user.ok('rollout', 'restart', 'deploy/web')).toBe('deployment.apps/web restarted')
    await user.ok('wait', '--for=delete', `pod/${metadata.name}`, '--timeout=20s')
  })

  it('runs a Pod, waits for it, reads its log and the events', async () => {
    const command = ['run', 'once', `--image=${TEST_IMAGE}`, '--restart=Never', '--', 'echo', 'hello from once']
    expect(await user.ok(...command)).toBe('pod/once created')
    await user.ok('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/once', '--timeout=20s')
    expect(await user.ok('logs', 'once')).toBe('hello from once')
    expect(await user.ok('logs', 'deploy/web', '--tail=1')).toBe('serving')
    expect(await user.ok('events', '--for=pod/once')).toMatch(/Normal +Scheduled +Pod\/once +Successfully assigned/)
    const reasons = ['get', 'events', '--field-selector=involvedObject.name=once', '-o', 'jsonpath={.items[*].reason}']
    expect((await user.ok(...reasons)).split(' ').sort()).toEqual(['Created', 'Pulled', 'Scheduled', 'Started'])
  })

  it('cordons, drains and taints a node', async () => {
    const { spec, metadata } = await anyPod()
    expect(await user.ok('drain', spec.nodeName, '--force', '--timeout=40s')).toContain(`node/${spec.nodeName} drained`)
    expect(await user.refused('get', 'pod', metadata.name)).toContain('not found')
    expect(await user.ok('get', 'node', spec.nodeName)).toContain('Ready,SchedulingDisabled')
    const elsewhere = await eventually('a new Pod', async () => anyPod())
    expect(elsewhere.spec.nodeName).not.toBe(spec.nodeName)
    expect(await user.ok('uncordon', spec.nodeName)).toBe(`node/${spec.nodeName} uncordoned`)
    expect(await user.ok('cordon', spec.nodeName)).toBe(`node/${spec.nodeName} cordoned`)
    expect(await user.ok('uncordon', spec.nodeName)).toBe(`node/${spec.nodeName} uncordoned`)
    expect(await user.ok('taint', 'node', spec.nodeName, 'tired=yes:NoSchedule')).toContain('tainted')
    expect(await user.ok('describe', 'node', spec.nodeName)).toMatch(/^Taints: +tired=yes:NoSchedule$/m)
    expect(await user.ok('taint', 'node', spec.nodeName, 'tired-')).toContain('untainted')
  })

  it('explains the API', async () => {
    const [containers, resources, versions] = await Promise.all([
      user.ok('explain', 'pods.spec.containers'),
      user.ok('api-resources'),
      user.ok('api-versions'),
    ])
    expect(containers).toMatch(/^ {2,}imagePullPolicy\t<string>$/m)
    expect(resources).toMatch(/^replicasets +rs +apps\/v1 +true +ReplicaSet$/m)
    expect(versions.split('\n')).toEqual(expect.arrayContaining(['apps/v1', 'v1']))
  })

  it('deletes: orphaning, in the foreground, by file, by label, all', async () => {
    const pod = await anyPod()
    expect(await user.ok('delete', 'deploy', 'web', '--cascade=orphan')).toContain('"web" deleted')
    const owners = 'jsonpath={range .items[*]}{.metadata.name}<{.metadata.ownerReferences[*].name} {end}'
    const orphans = await user.ok('get', 'rs', '-o', owners)
    expect(orphans).toMatch(/^(web-\w+< ?)+made-\w+<made ?$|^made-\w+<made (web-\w+< ?)+$/)
    expect(await user.ok('get', 'pods', '-l', 'app=web', '-o', 'name')).toBe(`pod/${pod.metadata.name}`)
    await user.ok('apply', '-f', file())
    await user.ok('rollout', 'status', 'deploy/web', '--timeout=30s')
    expect(await user.ok('get', 'rs', '-o', owners)).toBe(orphans.replaceAll(/(web-\w+)</g, '$1<web'))
    await user.ok('delete', 'deploy', 'web', '--cascade=foreground', '--timeout=30s')
    expect(await user.ok('get', 'rs,pods', '-l', 'app=web', '-o', 'name')).toBe('')
    await user.ok('apply', '-f', file())
    expect(await user.ok('delete', '-f', file())).toContain('deployment.apps "web" deleted')
    expect(await user.ok('delete', 'cm', '-l', 'tier=front')).toContain('configmap "settings" deleted')
    expect(await user.ok('delete', 'pods,secrets,deployments', '--all')).toMatch(/"once".*\n(.*\n)*.*"hidden".*\n/)
    expect(await user.ok('get', 'deploy,secrets,cm', '-o', 'name')).toBe('')
  })

  interface RunningPod {
    metadata: { name: string }
    spec: { nodeName: string }
  }

  async function anyPod(): Promise<RunningPod> {
    const { items } = await user.json<{ items: RunningPod[] }>('get', 'pods', '-l', 'app=web')
    if (!items[0]) throw new Error('no Pod of web')
    return items[0]
  }
})

const web = (replicas: number) => shellDeployment('web', replicas, `echo serving; ${FOREVER}`)
