const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** Up to `belowMs`, in `unit`s, with a finer unit behind it where one is named. */
interface Step {
  belowMs: number
  unit: [ms: number, sign: string]
  finer?: [ms: number, sign: string]
}

const STEPS: readonly Step[] = [
  { belowMs: 2 * MINUTE, unit: [SECOND, 's'] },
  { belowMs: 10 * MINUTE, unit: [MINUTE, 'm'], finer: [SECOND, 's'] },
  { belowMs: 3 * HOUR, unit: [MINUTE, 'm'] },
  { belowMs: 8 * HOUR, unit: [HOUR, 'h'], finer: [MINUTE, 'm'] },
  { belowMs: 48 * HOUR, unit: [HOUR, 'h'] },
  { belowMs: 8 * DAY, unit: [DAY, 'd'], finer: [HOUR, 'h'] },
  { belowMs: 2 * YEAR, unit: [DAY, 'd'] },
  { belowMs: 8 * YEAR, unit: [YEAR, 'y'], finer: [DAY, 'd'] },
  { belowMs: Number.POSITIVE_INFINITY, unit: [YEAR, 'y'] },
]

/** A duration as `kubectl get` shows it: `95s`, `4m30s`, `6h15m`, `3d`; two seconds and more below zero is invalid. */
export function humanDuration(ms: number): string {
  if (ms <= -2 * SECOND) return '<invalid>'
  const step = STEPS.find(({ belowMs }) => ms < belowMs)
  if (ms < 0 || !step) return '0s'
  const [unitMs, sign] = step.unit
  const coarse = `${Math.floor(ms / unitMs)}${sign}`
  const [finerMs, finerSign] = step.finer ?? [unitMs, '']
  const rest = Math.floor((ms % unitMs) / finerMs)
  return rest > 0 ? `${coarse}${rest}${finerSign}` : coarse
}

/** How long ago an RFC 3339 time was. */
export function humanAge(time: string | undefined, nowMs: number): string {
  return time ? humanDuration(nowMs - Date.parse(time)) : '<unknown>'
}
