import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TableChange } from '../../../../../agent/network/nftables/table.ts'
import { TableChanges } from '../../../../../agent/network/nftables/table-changes.ts'
import { type Frontend, frontendKey } from '../../../../../agent/network/services/frontend.ts'
import { ServiceTable } from '../../../../../agent/network/services/service-table.ts'

/** A kernel that refuses what the real one would. */
class TableModel {
  readonly chains = new Set<string>()
  readonly elements = new Map<string, string>()

  apply({ addedChains, deletedElements, addedElements, deletedChains }: TableChange): void {
    for (const { name } of addedChains) {
      expect(this.chains).not.toContain(name)
      this.chains.add(name)
    }
    for (const [set, keys] of deletedElements)
      for (const key of keys) expect(this.elements.delete(`${set} ${key}`), `${set} ${key} is there`).toBe(true)
    for (const [set, elements] of addedElements) {
      for (const [key, value] of elements) {
        expect(this.elements.has(`${set} ${key}`), `${set} ${key} is there`).toBe(false)
        this.elements.set(`${set} ${key}`, value)
      }
    }
    for (const name of deletedChains) expect(this.chains.delete(name)).toBe(true)
    for (const value of this.elements.values()) {
      const [, target] = /^(?:goto|jump) (.*)$/.exec(value) ?? []
      if (target && target !== 'refused') expect(this.chains).toContain(target)
    }
  }

  get state() {
    return { chains: [...this.chains].toSorted(), elements: [...this.elements].toSorted() }
  }
}

const endpoint = fc.constantFrom('10.42.0.4:80', '10.42.0.5:80', '10.42.1.4:80', '10.42.1.4:81')
const verdict = fc.oneof(
  fc.constantFrom<Frontend['verdict']>({ type: 'reject' }, { type: 'drop' }),
  fc.record({
    type: fc.constant('balance' as const),
    endpoints: fc.uniqueArray(endpoint, { minLength: 1 }),
    affinitySeconds: fc.constantFrom(undefined, 10, 20),
  }),
)
const frontend = fc
  .record({
    address: fc.constantFrom('10.43.0.1', '10.43.0.2', '10.43.0.3'),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
    port: fc.constantFrom(80, 81),
    verdict: verdict as fc.Arbitrary<Frontend['verdict']>,
    sourceRanges: fc.option(fc.constantFrom(['10.0.0.0/8'], ['192.168.0.0/16']), { nil: undefined }),
  })
  .map(({ sourceRanges, ...rest }): Frontend => (sourceRanges ? { ...rest, sourceRanges } : rest))
const frontends = fc
  .array(frontend, { maxLength: 4 })
  .map((list) => new Map(list.map((one) => [frontendKey(one), one])))
const step = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), frontends), { minLength: 1, maxLength: 3 })

describe('ServiceTable', () => {
  it('changes what is there into what a new table would be, with nothing added twice or deleted that is not there', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 6 }),
        fc.constantFrom('pod' as const, 'gateway' as const),
        (steps, role) => {
          const table = new ServiceTable(role)
          const kernel = new TableModel()
          for (const updates of steps) {
            const changes = new TableChanges()
            for (const [service, wanted] of updates) table.update(service, wanted, changes)
            kernel.apply(changes.result())
            const fresh = new TableModel()
            fresh.apply(table.complete())
            expect(kernel.state).toEqual(fresh.state)
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('touches a handful of elements where one endpoint of many is gone', () => {
    const many = Array.from({ length: 200 }, (_, index) => `10.42.0.${index + 4}:80`)
    const one = (endpoints: string[]): Map<string, Frontend> => {
      const verdict = { type: 'balance', endpoints } as const
      return new Map([['web', { address: '10.43.0.1', protocol: 'TCP', port: 80, verdict }]])
    }
    const table = new ServiceTable('pod')
    table.update('web', one(many), new TableChanges())
    const changes = new TableChanges()
    table.update('web', one(many.toSpliced(7, 1)), changes)
    const { addedElements, deletedElements, addedChains, deletedChains } = changes.result()
    expect([...addedElements.values()].flatMap((added) => [...added])).toEqual([
      ['10.43.0.1 . tcp . 80', 'goto balance-199'],
      ['10.43.0.1 . tcp . 80 . 7', '10.42.0.203 . 80'],
    ])
    expect([...deletedElements.values()].flat()).toHaveLength(3)
    expect([addedChains.map(({ name }) => name), deletedChains]).toEqual([['balance-199'], ['balance-200']])
  })

  it('gives a frontend that two Services want to the first, and to the other when that lets go', () => {
    const to = (target: string): Map<string, Frontend> => {
      const verdict = { type: 'balance', endpoints: [target] } as const
      return new Map([['vip', { address: '10.43.0.1', protocol: 'TCP', port: 80, verdict }]])
    }
    const table = new ServiceTable('pod')
    const target = () => table.complete().addedElements.get('endpoints')?.get('10.43.0.1 . tcp . 80 . 0')
    table.update('first', to('10.42.0.4:80'), new TableChanges())
    table.update('second', to('10.42.0.5:80'), new TableChanges())
    expect(target()).toBe('10.42.0.4 . 80')
    table.update('first', new Map(), new TableChanges())
    expect(target()).toBe('10.42.0.5 . 80')
  })
})
