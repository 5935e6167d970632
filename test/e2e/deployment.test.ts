import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deployment, ReplicaSet } from '../../shared/api/generated/apps-v1.ts'
import type { Pod } from '../../shared/api/generated/core-v1.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { PodWatch, type SeenPod } from '../support/pod-watch.ts'
import { eventually, run } from '../support/shell.ts'
import { FOREVER, shell, shellDeployment } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

const MISSING_IMAGE = '127.0.0.1:1/nothing:1'
const NEXT_IMAGE = 'kubette-test/busybox:2'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)

beforeAll(async () => {
  await Promise.all([loadTestImage(), loadTestImage({ reference: NEXT_IMAGE })])
  await up.start('--no-example', '--nodes', '3')
})
afterAll(() => up.destroy())

const isAvailable = (pod: SeenPod) => pod.isReady && !pod.isDeleted
const rolledOut = (name: string) => user.ok('rollout', 'status', `deploy/${name}`, '--timeout=60s')
const setImage = (name: string, image: string) => user.ok('set', 'image', `deploy/${name}`, `c=${image}`)
const read = (name: string) => user.json<Deployment>('get', 'deploy', name)

async function replicaSetsOf(name: string): Promise<ReplicaSet[]> {
  return (await user.json<{ items: ReplicaSet[] }>('get', 'rs', '-l', `app=${name}`)).items
}

async function podsOf(name: string): Promise<Pod[]> {
  return (await user.json<{ items: Pod[] }>('get', 'pods', '-l', `app=${name}`)).items
}

/** Wanted replicas of the ReplicaSets with this image; undefined before there is one. */
async function wantedOf(name: string, image: string): Promise<number | undefined> {
  const replicaSets = await replicaSetsOf(name)
  return replicaSets.find(({ spec }) => spec?.template?.spec?.containers[0]?.image === image)?.spec?.replicas
}

describe.concurrent('a Deployment', () => {
  it('is updated without ever having too few Pods, or too many', async () => {
    const readinessProbe = { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1, timeoutSeconds: 30 }
    const container = shell(`sleep 1; echo > /tmp/ready; ${FOREVER}`, { readinessProbe })
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
    await user.apply(shellDeployment('smooth', 4, container, { strategy }))
    await rolledOut('smooth')
    const watch = await PodWatch.start(up.kubeconfig, 'app=smooth')
    await eventually('four Pods seen', async () => watch.states.at(-1)?.filter(isAvailable).length === 4)
    const before = watch.states.length
    await setImage('smooth', NEXT_IMAGE)
    await rolledOut('smooth')
    const states = (await watch.stop()).slice(before - 1)
    expect(Math.min(...states.map((pods) => pods.filter(isAvailable).length))).toBe(3)
    expect(Math.max(...states.map((pods) => pods.filter(({ isDeleted }) => !isDeleted).length))).toBeLessThanOrEqual(5)
    expect((await podsOf('smooth')).every(({ spec }) => spec.containers[0]?.image === NEXT_IMAGE)).toBe(true)
  })

  it('stops at an image that does not come, says so, scales both sides, and is healed by undo', async () => {
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
    await user.apply(shellDeployment('stuck', 4, FOREVER, { strategy }))
    await rolledOut('stuck')
    const [original] = await replicaSetsOf('stuck')
    const image = original?.spec?.template?.spec?.containers[0]?.image ?? ''
    await user.ok('patch', 'deploy', 'stuck', '-p', '{"spec":{"progressDeadlineSeconds":3}}')
    await setImage('stuck', MISSING_IMAGE)
    expect(await user.refused('rollout', 'status', 'deploy/stuck', '--timeout=60s')).toBe(
      'error: deployment "stuck" exceeded its progress deadline',
    )
    const { status } = await read('stuck')
    expect(status).toMatchObject({ replicas: 5, updatedReplicas: 2, availableReplicas: 3, unavailableReplicas: 2 })
    const progressing = status?.conditions?.find(({ type }) => type === 'Progressing')
    expect(progressing).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' })
    expect(progressing?.message).toMatch(/^ReplicaSet "stuck-\w+" has timed out progressing\.$/)
    await user.ok('scale', 'deploy/stuck', '--replicas=8')
    await eventually('in proportion', async () => {
      const wanted = [await wantedOf('stuck', image), await wantedOf('stuck', MISSING_IMAGE)]
      return JSON.stringify(wanted) === '[5,4]'
    })
    await user.ok('patch', 'deploy', 'stuck', '-p', '{"spec":{"progressDeadlineSeconds":60}}')
    expect(await user.ok('rollout', 'undo', 'deploy/stuck')).toContain('rolled back')
    await rolledOut('stuck')
    expect((await read('stuck')).status).toMatchObject({ replicas: 8, readyReplicas: 8 })
    expect(await wantedOf('stuck', MISSING_IMAGE)).toBe(0)
    await user.ok('scale', 'deploy/stuck', '--replicas=0')
  })

  it('is made anew with Recreate: never old and new at the same time', async () => {
    const anew = shellDeployment('anew', 2, FOREVER, { strategy: { type: 'Recreate' } })
    Object.assign(anew.spec.template.spec ?? {}, { terminationGracePeriodSeconds: 2 }) // its Pods do not hear TERM
    await user.apply(anew)
    await rolledOut('anew')
    const watch = await PodWatch.start(up.kubeconfig, 'app=anew')
    await eventually('two Pods seen', async () => watch.states.at(-1)?.filter(isAvailable).length === 2)
    await setImage('anew', NEXT_IMAGE)
    await rolledOut('anew')
    const states = await watch.stop()
    const imagesOf = (pods: readonly SeenPod[]) =>
      new Set(pods.filter((pod) => !pod.isFinished).map(({ image }) => image))
    expect(states.filter((pods) => imagesOf(pods).size > 1)).toEqual([])
    expect(imagesOf(states.at(-1) ?? [])).toEqual(new Set([NEXT_IMAGE]))
  })

  it('does nothing while it is paused but scale, and keeps only as many revisions as it shall', async () => {
    await user.apply(shellDeployment('history', 1, FOREVER, { revisionHistoryLimit: 1 }))
    await rolledOut('history')
    await user.ok('rollout', 'pause', 'deploy/history')
    await user.ok('set', 'env', 'deploy/history', 'VERSION=2')
    await user.ok('scale', 'deploy/history', '--replicas=2')
    await user.ok('wait', 'deploy/history', '--for=jsonpath={.status.readyReplicas}=2', '--timeout=30s')
    expect(await replicaSetsOf('history')).toHaveLength(1)
    expect(await user.ok('describe', 'deploy', 'history')).toMatch(/^ {2}Progressing +Unknown +DeploymentPaused$/m)
    await user.ok('rollout', 'resume', 'deploy/history')
    await rolledOut('history')
    for (const version of [3, 4]) {
      await user.ok('set', 'env', 'deploy/history', `VERSION=${version}`)
      await rolledOut('history')
    }
    await eventually('one old revision', async () => (await replicaSetsOf('history')).length === 2)
    expect(await user.ok('rollout', 'history', 'deploy/history')).toMatch(/\n3 +<none>\n4 +<none>$/)
    expect(await user.refused('rollout', 'undo', 'deploy/history', '--to-revision=1')).toContain('unable to find')
  })

  it('lets a Pod go whose label is changed, replaces it, and takes it back', async () => {
    await user.apply(shellDeployment('labels', 2))
    await rolledOut('labels')
    const [released] = await podsOf('labels')
    const name = released?.metadata.name ?? ''
    await user.ok('label', 'pod', name, 'app=other', '--overwrite')
    await eventually('two others', async () => (await podsOf('labels')).length === 2)
    await eventually('no owner', async () => !(await user.json<Pod>('get', 'pod', name)).metadata.ownerReferences)
    await rolledOut('labels')
    expect((await user.json<Pod>('get', 'pod', name)).status?.phase).toBe('Running')
    await user.ok('label', 'pod', name, 'app=labels', '--overwrite')
    await eventually('two of three', async () => (await podsOf('labels')).length === 2)
    expect((await podsOf('labels')).every(({ metadata }) => metadata.ownerReferences?.[0]?.kind === 'ReplicaSet')).toBe(
      true,
    )
  })
})

describe.concurrent('a namespace', () => {
  it('is deleted with all that it holds', async () => {
    await user.ok('create', 'namespace', 'doomed')
    const inside = user.in('doomed')
    await inside.apply(shellDeployment('web', 2))
    await inside.ok('create', 'configmap', 'settings')
    await inside.ok('rollout', 'status', 'deploy/web', '--timeout=40s')
    await user.ok('delete', 'namespace', 'doomed', '--timeout=30s')
    expect(await inside.ok('get', 'deploy,rs,pods,cm,events', '-o', 'name')).toBe('')
    expect(await user.refused('get', 'namespace', 'doomed')).toContain('not found')
    expect(await inside.refused('create', 'configmap', 'late')).toContain('namespaces "doomed" not found')
    const containers = () => run('docker', ['ps', '-aq', '--filter', 'label=io.kubernetes.pod.namespace=doomed'])
    await eventually('no containers', async () => (await containers()) === '', 10_000)
  })

  it('lists two hundred objects in pages', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `page-${String(index).padStart(3, '0')}`)
    const items = names.map((name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: { many: '' } },
    }))
    await user.create({ apiVersion: 'v1', kind: 'List', items })
    const paged = await user.try(['get', 'cm', '-l', 'many', '--chunk-size=30', '-o', 'name', '-v=6'])
    expect(paged.stdout.trim().split('\n')).toEqual(names.map((name) => `configmap/${name}`))
    expect(paged.stderr.match(/configmaps\?[^ ]*limit=30/g)).toHaveLength(7)
    // To wait for each of them kubectl allows itself no more than 5 requests a second.
    const deleted = await user.ok('delete', 'cm', '-l', 'many', '-o', 'name', '--wait=false')
    expect(deleted.split('\n')).toHaveLength(200)
    expect(await user.ok('get', 'cm', '-l', 'many')).toBe('')
  })
})
