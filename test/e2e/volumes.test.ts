import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../shared/api/kinds.ts'
import { documented } from '../support/documented-pod.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { eventually, run } from '../support/shell.ts'
import { FOREVER, shell, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)
const owned = await mkdtemp(join(tmpdir(), 'kubette-static-'))

const configMap = (color: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { color },
})
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
}
const mounting = (script: string, ...names: string[]) =>
  shell(script, { volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })) })
const dataVolume = { name: 'data', persistentVolumeClaim: { claimName: 'data' } }
const logsHave = (pod: string, text: string) =>
  eventually(`${pod} says ${text}`, async () => (await user.ok('logs', pod)).includes(text))
const ready = (pod: string) => user.ok('wait', '--for=condition=Ready', `pod/${pod}`, '--timeout=40s')

beforeAll(async () => {
  await loadTestImage()
  await up.start('--no-example', '--nodes', '2')
})
afterAll(async () => {
  await up.destroy()
  await rm(owned, { recursive: true })
})

describe('volumes', { concurrent: true }, () => {
  it('bring a change of a ConfigMap to the container that mounts it', async () => {
    const watching = 'while :; do cat /conf/color; echo; sleep 0.2; done'
    const volumes = [{ name: 'conf', configMap: { name: 'settings' } }]
    await user.apply(shellPod('watcher', [mounting(watching, 'conf')], { volumes }))
    await user.hasEvents('watcher', /MountVolume.SetUp failed for volume "conf" : configmap "settings" not found/)
    await user.apply(configMap('blue'))
    await ready('watcher')
    await logsHave('watcher', 'blue')
    await user.apply(configMap('green'))
    await logsHave('watcher', 'green')
    const { status } = await user.json<Pod>('get', 'pod', 'watcher')
    expect(status?.containerStatuses?.[0]?.restartCount).toBe(0)
  })

  it('keep Secrets in memory, for those who may read them', async () => {
    await user.ok('create', 'secret', 'generic', 'keys', '--from-literal=pass=w0rd')
    const volumes = [{ name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } }]
    const container = mounting(`grep " /keys " /proc/mounts; cat /keys/pass; echo; id -G; ${FOREVER}`, 'keys')
    const securityContext = { runAsUser: 1000, fsGroup: 2000 }
    await user.apply(shellPod('reader', [container], { volumes, securityContext }))
    await ready('reader')
    await logsHave('reader', '2000')
    expect(await user.ok('logs', 'reader')).toMatch(/^tmpfs \/keys tmpfs ro.*\nw0rd\n/)
  })

  it('keep the data of a claim, send Pods to it, and end it with its claim', async () => {
    await user.apply(
      claim,
      shellPod('writer', [mounting(`echo kept > /data/x; ${FOREVER}`, 'data')], { volumes: [dataVolume] }),
    )
    await ready('writer')
    const { spec } = await user.json<Pod>('get', 'pod', 'writer')
    const { spec: bound } = await user.json<PersistentVolumeClaim>('get', 'pvc', 'data')
    const volume = await user.json<PersistentVolume>('get', 'pv', bound.volumeName ?? '')
    const dockerVolume = volume.spec.csi?.volumeHandle ?? ''
    await user.ok('delete', 'pod', 'writer', '--grace-period=1')
    const elsewhere = { volumes: [dataVolume], nodeSelector: { 'kubernetes.io/hostname': other(spec?.nodeName ?? '') } }
    await user.apply(
      shellPod('second', [mounting(`cat /data/x; stat -c "%a %u:%g" /data/x; ${FOREVER}`, 'data')], {
        volumes: [dataVolume],
        securityContext: { runAsUser: 1000, fsGroup: 2000 },
      }),
      shellPod('stray', [mounting(FOREVER, 'data')], elsewhere),
    )
    await ready('second')
    await logsHave('second', 'kept\n664 0:2000')
    expect((await user.json<Pod>('get', 'pod', 'second')).spec?.nodeName).toBe(spec?.nodeName)
    await user.hasEvents('stray', /1 node\(s\) didn't match PersistentVolume's node affinity/)
    await user.ok('delete', 'pvc', 'data', '--wait=false')
    await user.ok('delete', 'pod', 'second', 'stray', '--grace-period=1')
    await user.ok('wait', '--for=delete', 'pvc/data', `pv/${bound.volumeName}`, '--timeout=30s')
    expect(await run('docker', ['volume', 'ls', '--quiet', '--filter', `name=${dockerVolume}`])).toBe('')
  })

  it('that somebody made are bound by label or name, and keep their data', async () => {
    await writeFile(join(owned, 'word'), 'kept')
    const spec = { storageClassName: 'manual', accessModes: ['ReadWriteMany'] }
    const volume = (name: string) => ({
      ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, labels: { of: name } } },
      spec: { ...spec, capacity: { storage: '1Gi' }, hostPath: { path: owned } },
    })
    const claiming = (name: string, more: object) => ({
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name } },
      spec: { ...spec, resources: { requests: { storage: '1Mi' } }, ...more },
    })
    const claimed = (name: string) => ({ name, persistentVolumeClaim: { claimName: name } })
    await user.apply(
      ...['one', 'two', 'three'].map(volume),
      claiming('by-label', { selector: { matchLabels: { of: 'two' } } }),
      claiming('by-name', { volumeName: 'three' }),
      documented('static-volumes', 'is "$(cat /a/word)" kept\nis "$(cat /b/word)" kept\necho more > /a/made', {
        container: {
          volumeMounts: [
            { name: 'by-label', mountPath: '/a' },
            { name: 'by-name', mountPath: '/b' },
          ],
        },
        spec: { volumes: [claimed('by-label'), claimed('by-name')] },
      }),
    )
    const isEnded = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'
    expect((await user.podWhen('static-volumes', isEnded)).status?.phase).toBe('Succeeded')
    const bound = (
      await user.ok('get', 'pvc', 'by-label', 'by-name', '-o', 'jsonpath={.items[*].spec.volumeName}')
    ).trim()
    expect(bound).toBe('two three')
    await user.ok('delete', 'pod', 'static-volumes')
    await user.ok('delete', 'pvc', 'by-label')
    await user.ok('wait', '--for=jsonpath={.status.phase}=Released', 'pv/two', '--timeout=20s')
    expect(await readFile(join(owned, 'made'), 'utf8')).toBe('more\n')
  })

  it('do not give anybody the Docker socket', async () => {
    const socket = { name: 'docker', hostPath: { path: '/var/run/docker.sock' } }
    await user.apply(shellPod('thief', [mounting(FOREVER, 'docker')], { volumes: [socket] }))
    await user.hasEvents(
      'thief',
      /^FailedMount .*"docker" : hostPath \/var\/run\/docker\.sock would give the Pod .*--allow-host-path/,
    )
    expect((await user.json<Pod>('get', 'pod', 'thief')).status?.phase).toBe('Pending')
  })
})

function other(nodeName: string): string {
  return nodeName === 'node-1' ? 'node-2' : 'node-1'
}
