import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Ledger } from '../../support/ledger.ts'
import { Machines } from '../../support/machines.ts'
import { eventually } from '../../support/shell.ts'
import { WebOnMachines } from '../../support/web-on-machines.ts'

/** How long a node is cut off: far longer than it takes to be given up. */
const CUT_MS = 30_000

describe('faults on three machines', () => {
  let machines: Machines
  let web: WebOnMachines
  let ledger: Ledger

  beforeAll(async () => {
    machines = await Machines.start(3)
    web = new WebOnMachines(machines)
    ledger = new Ledger(machines)
    ledger.begin()
    await web.loadImage()
    for (const host of machines.hosts) await web.nodeIsReady(host)
    await web.deploy()
    await web.settles()
  })
  afterEach(() => ledger.check())
  afterAll(async () => {
    await ledger?.end()
    await machines?.stop()
  })

  const left = async (host: string) => (await machines.containers(host, '--all')).map(({ pod }) => pod)

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

  it('goes on when two nodes are lost at once', async () => {
    await Promise.all(['h1', 'h2'].map((host) => machines.powerOff(host)))
    await web.runsOn(['h3'], 15_000)
    await web.settlesWithout('h1', 'h2')
    await Promise.all(['h1', 'h2'].map((host) => machines.powerOn(host)))
    for (const host of ['h1', 'h2']) await web.nodeIsReady(host)
    await web.settles()
  })
})
