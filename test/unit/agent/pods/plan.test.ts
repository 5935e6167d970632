import { expect, it } from 'vitest'
import { PlanBuilder } from '../../../../agent/pods/plan.ts'

it.each([0.1, 61_234.123_456_7, 86_400_000.987_654_3])(
  'what is due now is due, with the monotonic clock at %s ms',
  (monotonicMs) => {
    const nowMs = Date.UTC(2030, 0, 1)
    const plan = new PlanBuilder({ nowMs, monotonicMs })
    expect(plan.isDueByWallClock(nowMs)).toBe(true)
    expect(plan.isDueByWallClock(nowMs + 1)).toBe(false)
    expect(plan.done().wakeAtMs).toBe(monotonicMs + 1)
  },
)
