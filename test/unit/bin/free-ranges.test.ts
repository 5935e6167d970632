import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { choose, freeRanges, machineRanges } from '../../../bin/free-ranges.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
`

describe('the ranges of a cluster on one machine', () => {
  let dataDir: string

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'kubette-ranges-'))
  })
  afterEach(() => rmSync(dataDir, { recursive: true }))

  const range = (text: string) => Ipv4Range.parse(text)
  const kept = () => freeRanges({ dataDir, port: 7443, clock: new VirtualClock(), random: seededRandom(1) })

  it('are the first that nobody has', () => {
    expect(choose([], [], 7443)).toEqual({ clusterCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/16' })
    expect(choose([range('10.42.0.0/15')], [range('10.45.3.0/24')], 7443)?.clusterCidr).toBe('10.46.0.0/16')
    expect(choose([range('10.0.0.0/8')], [], 7443)).toBeUndefined()
  })

  it('are looked for from another place for each port', () => {
    expect([7444, 7443 + 107, 7442, 1].map((port) => choose([], [], port)?.clusterCidr)).toEqual([
      '10.44.0.0/16',
      '10.42.0.0/16',
      '10.254.0.0/16',
      '10.138.0.0/16',
    ])
  })

  it('keep away from what the machine’s routes lead to', () => {
    expect(machineRanges(ROUTES).map(String)).toEqual(['192.0.2.0/24', '172.17.0.0/16'])
    expect(machineRanges('')).toEqual([])
  })

  it('stay what they were', async () => {
    const ranges = { clusterCidr: '10.80.0.0/16', serviceCidr: '10.81.0.0/16' }
    writeFileSync(join(dataDir, 'ranges.json'), JSON.stringify(ranges))
    expect(await kept()).toEqual(ranges)
  })

  it('are left as they are for a cluster that began without', async () => {
    writeFileSync(join(dataDir, 'state.db'), '')
    expect(await kept()).toBeUndefined()
  })
})
