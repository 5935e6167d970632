import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { Ledger } from '../../support/ledger.ts'
import { Machines } from '../../support/machines.ts'
import { WebOnMachines } from '../../support/web-on-machines.ts'
import { basics } from './basics.ts'
import { faults } from './faults.ts'
import './network.ts'

// One file, since labs are up one after the other.
describe('one control plane and three machines', () => {
  let machines: Machines
  let web: WebOnMachines
  let ledger: Ledger

  beforeAll(async () => {
    machines = await Machines.start(3)
    web = new WebOnMachines(machines)
    ledger = new Ledger(machines)
    ledger.begin()
    await web.loadImage()
  })
  afterEach(() => ledger.check())
  afterAll(async () => {
    await ledger?.end()
    await machines?.stop()
  })

  basics(() => ({ machines, web }))
  faults(() => ({ machines, web }))
})
