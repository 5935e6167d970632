/** Milliseconds in the form that Kubernetes' messages have: `850ms`, `10s`, `1.5s`, `2m40s`, `5m0s`, `1h0m0s`. */
export function goDuration(ms: number): string {
  const whole = Math.round(ms)
  if (whole === 0) return '0s'
  if (whole < 1000) return `${whole}ms`
  const seconds = `${(whole % 60_000) / 1000}s`
  const minutes = Math.floor(whole / 60_000) % 60
  const hours = Math.floor(whole / 3_600_000)
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
