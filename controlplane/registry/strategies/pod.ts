import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { isDnsSubdomain } from '../validation/names.ts'

const GRACE_SECONDS = 30

export const podStrategy = strategy<Pod>({
  kind: PODS,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  hasGeneration: true,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'status.phase': ({ status }) => status?.phase ?? '',
  },
  columns: [],

  prepareForCreate(pod) {
    pod.status = { phase: 'Pending' }
  },

  applyDefaults({ spec }) {
    spec.terminationGracePeriodSeconds ??= GRACE_SECONDS
  },

  graceSeconds({ spec, status }, requested) {
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
    if (!spec.nodeName || isOver) return 0
    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0
    return seconds < 0 ? 1 : seconds
  },
})
