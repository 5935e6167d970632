import { beforeAll, describe, expect, it } from 'vitest'
import type { PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Machines } from '../../support/machines.ts'
import { eventually } from '../../support/shell.ts'
import { shell, shellPod } from '../../support/shell-workloads.ts'
import type { WebOnMachines } from '../../support/web-on-machines.ts'

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
}
const keys = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { pass: 'w0rd' } }
/** Succeeds with its second container, if that has the Secret. */
const keeper = shellPod(
  'keeper',
  [
    shell('[ -e /disk/begun ] && { [ "$(cat /keys/pass)" = w0rd ]; exit; }; touch /disk/begun; sleep 10000; exit 1', {
      volumeMounts: [
        { name: 'keys', mountPath: '/keys' },
        { name: 'disk', mountPath: '/disk' },
      ],
    }),
  ],
  {
    nodeName: 'h2',
    restartPolicy: 'OnFailure',
    volumes: [
      { name: 'keys', secret: { secretName: 'keys' } },
      { name: 'disk', emptyDir: {} },
    ],
  },
)
const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]

/** How long a node is cut off: far longer than it takes to be given up. */
const CUT_MS = 15_000

/** What is made good after machines, their Dockers and their links failed; it begins with the Deployment settled. */
export function faults(lab: () => { machines: Machines; web: WebOnMachines }): void {
  describe('faults', () => {
    let machines: Machines
    let web: WebOnMachines

    beforeAll(() => {
      ;({ machines, web } = lab())
    })

    const left = async (host: string) => (await machines.containers(host, '--all')).map(({ pod }) => pod)

    /** A Pod that runs to its end and may have the claim's data. */
    const task = (name: string, script: string, spec: Partial<PodSpec> = {}) =>
      shellPod(name, [shell(script, spec.volumes ? { volumeMounts: [{ name: 'data', mountPath: '/data' }] } : {})], {
        restartPolicy: 'Never',
        ...spec,
      })
    const hasSucceeded = (name: string) =>
      machines.kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, '--timeout=30s')

    it('heals what dies with its dockerd, on the same node and in the same Pods', async () => {
      const uids = async () => (await web.pods()).map(({ metadata }) => metadata.uid).sort()
      const before = { uids: await uids(), containers: await machines.containers('h1') }
      await machines.lab.killProcess('h1', 'dockerd')
      await machines.lab.restartDocker('h1')
      await web.settles()
      expect(await uids()).toEqual(before.uids)
      expect(await machines.containers('h1')).not.toEqual(before.containers)
      expect(await web.nodeReady('h1')).toBe('True')
    })

    it('touches no container when a dockerd that keeps them running is killed and started again', async () => {
      await machines.apply(keys)
      await machines.apply(keeper)
      await machines.kubectl('wait', '--for=condition=Ready', 'pod/keeper', '--timeout=30s')
      const before = await machines.containers('h2')
      await machines.lab.keepContainersWithoutDocker('h2')
      await machines.lab.killProcess('h2', 'dockerd')
      await machines.lab.restartDocker('h2')
      // Something that only a Docker and an agent at work can do.
      await machines.apply(task('after-restart', 'true', { nodeName: 'h2' }))
      await hasSucceeded('after-restart')
      await web.settles()
      expect(await machines.containers('h2')).toEqual(before)
      // Docker 20.10 has let go of its volume in memory: a container that starts now has to have it all the same.
      await machines.kubectl('exec', 'keeper', '--', '/bin/busybox', 'killall', 'sleep')
      await hasSucceeded('keeper')
      await machines.kubectl('delete', 'pod/keeper', '--timeout=30s')
    })

    it('replaces the Pods of a node that is cut off, and removes them from it when it is back', async () => {
      await machines.lab.cut('h3')
      const healAt = Date.now() + CUT_MS
      await web.runsOn(['h1', 'h2'], 10_000)
      await web.settlesWithout('h3')
      await eventually('the time is over', async () => Date.now() >= healAt, CUT_MS)
      expect(await left('h3')).not.toEqual([])
      await machines.lab.heal('h3')
      await web.nodeIsReady('h3')
      await web.settles()
      const names = (await web.pods()).map(({ metadata }) => metadata.name)
      expect((await left('h3')).filter((pod) => !names.includes(pod))).toEqual([])
    })

    it('goes on when two nodes are lost at once, and has the data of claims when they are back', async () => {
      await machines.apply(claim)
      await machines.apply(
        task('writer', 'echo kept > /data/file', { volumes, nodeSelector: { 'kubernetes.io/hostname': 'h1' } }),
      )
      await hasSucceeded('writer')
      await Promise.all(['h1', 'h2'].map((host) => machines.powerOff(host)))
      await web.runsOn(['h3'], 15_000)
      await web.settlesWithout('h1', 'h2')
      await Promise.all(['h1', 'h2'].map((host) => machines.powerOn(host)))
      for (const host of ['h1', 'h2']) await web.nodeIsReady(host)
      await web.settles()
      await machines.apply(task('reader', '[ "$(cat /data/file)" = kept ]', { volumes }))
      await hasSucceeded('reader')
    })
  })
}
