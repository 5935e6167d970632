import { describe, expect, it } from 'vitest'
import { type Frontend, frontendKey } from '../../../../../agent/network/services/frontend.ts'
import { RoleRules } from '../../../../../agent/network/services/role-rules.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../../../../shared/cluster-facts.ts'

const FRONTEND = '10.43.0.9:80/TCP'

function setUp() {
  const rules = new RoleRules('pod', DEFAULT_CLUSTER_FACTS)
  let version = 0
  const lead = (...endpoints: string[]) => {
    const verdict = { type: 'balance', endpoints } as const
    const frontend: Frontend = { address: '10.43.0.9', protocol: 'TCP', port: 80, verdict }
    rules.update(
      ++version,
      new Map([['web', new Map(endpoints.length > 0 ? [[frontendKey(frontend), frontend]] : [])]]),
    )
  }
  return { rules, lead }
}

describe('RoleRules', () => {
  it('says which frontends lost an endpoint: those whose connections may be stale', () => {
    const { rules, lead } = setUp()
    lead('10.42.0.4:80')
    lead('10.42.0.4:80', '10.42.0.5:80')
    expect(rules.stepFrom(1)).toMatchObject({ version: 2, changed: new Set([FRONTEND]), reduced: new Set() })
    lead('10.42.0.4:80', '10.42.0.6:80')
    lead('10.42.0.4:80')
    lead()
    for (const held of [2, 3, 4]) expect(rules.stepFrom(held)?.reduced).toEqual(new Set([FRONTEND]))
  })

  it('joins what a namespace lacks into one step, up to a number of them', () => {
    const { rules, lead } = setUp()
    lead('10.42.0.4:80')
    for (let number = 0; number < 64; number++) lead('10.42.0.4:80', ...(number % 2 === 0 ? ['10.42.0.5:80'] : []))
    expect(rules.stepFrom(1)).toMatchObject({ version: 65, reduced: new Set([FRONTEND]) })
    expect(rules.stepFrom(65)).toBeUndefined()
    lead('10.42.0.6:80')
    expect(rules.stepFrom(1)).toMatchObject({ version: 66, changed: 'any' })
  })
})
