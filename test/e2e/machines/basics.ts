import { beforeAll, describe, expect, it } from 'vitest'
import type { Deployment, Event, Node, Pod } from '../../../shared/api/kinds.ts'
import type { Machines } from '../../support/machines.ts'
import { eventually, run } from '../../support/shell.ts'
import { TEST_IMAGE } from '../../support/test-image.ts'
import type { WebOnMachines } from '../../support/web-on-machines.ts'

/** What holds while no more than one thing goes wrong; it leaves the Deployment settled. */
export function basics(lab: () => { machines: Machines; web: WebOnMachines }): void {
  describe('basics', () => {
    let machines: Machines
    let web: WebOnMachines

    beforeAll(() => {
      ;({ machines, web } = lab())
    })

    it('makes every machine a node', async () => {
      for (const host of machines.hosts) await web.nodeIsReady(host)
      const { status } = await machines.get<Node>('node', 'h2')
      expect(status?.addresses).toContainEqual({ type: 'InternalIP', address: machines.lab.address('h2') })
    })

    it('spreads a Deployment over them', async () => {
      await web.deploy()
      await web.settles()
      const perNode = machines.hosts.map(
        async (host) => (await web.pods()).filter((pod) => pod.spec.nodeName === host).length,
      )
      expect(await Promise.all(perNode)).toEqual([2, 2, 2])
    })

    it('restarts a container that dies, in the same Pod', async () => {
      const victim = (await web.alive()).find((pod) => pod.spec.nodeName === 'h1')!
      const id = victim.status?.containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? ''
      await run('docker', ['-H', `unix://${machines.lab.dockerSocket('h1')}`, 'kill', id])
      await eventually('it runs again', async () => {
        const { status } = await machines.get<Pod>('pod', victim.metadata.name!)
        const container = status?.containerStatuses?.[0]
        return (
          container?.restartCount === 1 && container.state?.running && container.lastState?.terminated?.exitCode === 137
        )
      })
      await web.settles()
    })

    it('replaces a Pod that is deleted', async () => {
      const victim = (await web.alive())[0]!
      await machines.kubectl('delete', 'pod', victim.metadata.name!)
      await web.settles()
      expect((await web.pods()).map(({ metadata }) => metadata.uid)).not.toContain(victim.metadata.uid)
    })

    it('restarts nothing when an agent is killed and started again', async () => {
      const before = await machines.containers('h2')
      await machines.lab.killProcess('h2', 'agent')
      await machines.startAgent('h2')
      // Something that only a living agent can do.
      await machines.kubectl(
        'run',
        'probe',
        `--image=${TEST_IMAGE}`,
        '--restart=Never',
        '--overrides',
        nodeOverride('h2'),
        '--',
        'sleep',
        '600',
      )
      await machines.kubectl('wait', '--for=condition=Ready', 'pod/probe', '--timeout=30s')
      await machines.kubectl('delete', 'pod', 'probe', '--grace-period=0', '--force')
      await web.settles()
      expect(await machines.containers('h2')).toEqual(before)
    })

    it('goes on where it was when the control plane is killed and started again', async () => {
      const before = await Promise.all(machines.hosts.map((host) => machines.containers(host)))
      await machines.killServer()
      await machines.startServer()
      for (const host of machines.hosts) await web.nodeIsReady(host)
      await web.settles()
      expect(await Promise.all(machines.hosts.map((host) => machines.containers(host)))).toEqual(before)
    })

    it('finishes a rollout during which the control plane is killed', async () => {
      await machines.kubectl('set', 'env', 'deployment/web', 'VERSION=2')
      await web.isRolling()
      await machines.killServer()
      await machines.startServer()
      await web.rolledOut()
      await web.settles()
    })

    describe('when a node is switched off', () => {
      it("has its Deployment's Pods Running elsewhere within 10 s, and does not replace a bare Pod", async () => {
        await machines.kubectl(
          'run',
          'bare',
          `--image=${TEST_IMAGE}`,
          '--overrides',
          nodeOverride('h3'),
          '--',
          'sleep',
          '600',
        )
        await machines.kubectl('wait', '--for=condition=Ready', 'pod/bare', '--timeout=30s')
        const offAt = Date.now()
        await machines.powerOff('h3')
        await web.runsOn(['h1', 'h2'], 30_000)
        expect(Date.now() - offAt).toBeLessThan(10_000)
        await web.settlesWithout('h3')
        expect(await web.nodeReady('h3')).toBe('Unknown')
        const others = (await machines.get<{ items: Pod[] }>('pods', '-l', 'run=bare')).items
        expect(others.filter((pod) => pod.spec.nodeName !== 'h3')).toEqual([])
      })

      it('removes what was replaced when the node comes back', async () => {
        await machines.powerOn('h3')
        await web.nodeIsReady('h3')
        await web.settles()
        const left = await machines.containers('h3', '--all')
        const names = (await web.pods()).map(({ metadata }) => metadata.name)
        expect(left.filter(({ pod }) => !names.includes(pod))).toEqual([])
        expect((await machines.get<{ items: Pod[] }>('pods', '-l', 'run=bare')).items).toEqual([])
      })
    })

    it('refuses a second machine that claims a taken name', async () => {
      await machines.lab.spawn('h1', 'thief', ...machines.agentCommand('h2', '/run/thief'))
      const log = await eventually('the refusal', async () => {
        const text = await machines.lab.exec('h1', 'cat', machines.lab.logFile('h1', 'thief'))
        return /h2/.test(text) && text
      })
      expect(log).toMatch(/kubectl delete node h2/)
      expect(await web.nodeReady('h2')).toBe('True')
    })

    it('says why a Pod that fits nowhere waits', async () => {
      await machines.kubectl(
        'run',
        'huge',
        `--image=${TEST_IMAGE}`,
        '--overrides',
        JSON.stringify({
          spec: { containers: [{ name: 'huge', image: TEST_IMAGE, resources: { requests: { cpu: '64' } } }] },
        }),
      )
      const message = await eventually('an event says so', async () => {
        const { items } = await machines.get<{ items: Event[] }>(
          'events',
          '--field-selector',
          'involvedObject.name=huge,reason=FailedScheduling',
        )
        return items[0]?.message
      })
      expect(message).toContain('0/3 nodes are available: 3 Insufficient cpu.')
      await machines.kubectl('delete', 'pod', 'huge')
    })

    it('keeps the revision history of the Deployment', async () => {
      await machines.kubectl('rollout', 'undo', 'deployment/web', '--to-revision=1')
      await web.rolledOut()
      const { metadata, spec } = await machines.get<Deployment>('deployment', 'web')
      expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3')
      expect(spec.template.spec?.containers[0]?.env).toBeUndefined()
      await web.settles()
    })
  })
}

function nodeOverride(nodeName: string): string {
  return JSON.stringify({ spec: { nodeName } })
}
