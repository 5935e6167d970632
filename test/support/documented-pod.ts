import type { Container, Pod, PodSpec } from '../../shared/api/generated/core-v1.ts'
import { shell, shellPod } from './shell-workloads.ts'

interface More {
  container?: Partial<Container>
  spec?: Partial<PodSpec>
  metadata?: Partial<Pod['metadata']>
}

/**
 * A Pod that finds out by itself whether what it was promised is so, and ends as Succeeded only then. One check a line:
 * a shell command that must succeed; `is GOT WANTED` compares. The line that does not hold is the last output of its
 * container `c`, beside which containers of `spec` stand.
 */
export function documented(name: string, checks: string, { container = {}, spec = {}, metadata = {} }: More = {}): Pod {
  const { containers = [], ...rest } = spec
  const pod = shellPod(name, [shell(checking(checks), container), ...containers], { restartPolicy: 'Never', ...rest })
  return { ...pod, metadata: { ...pod.metadata, ...metadata } }
}

function checking(checks: string): string {
  const lines = checks
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const compare = 'is() { [ "$1" = "$2" ] || { echo "got: $1"; return 1; }; }'
  const steps = lines.map((line) => `{ ${line}; } || { echo ${quoted(line)}; exit 1; }`)
  return ['exec 2>&1', compare, ...steps].join('\n')
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`
}
