import type { Container, EnvVar } from '../../../shared/api/generated/core-v1.ts'
import { fractionWarning } from '../validation/fraction-warning.ts'

const WHOLE_BYTES = ['memory', 'ephemeral-storage']

/** What of a container is valid but hardly meant. `path` is where it is. */
export function containerWarnings({ resources = {}, env = [] }: Container, path: string): string[] {
  const amounts = (['limits', 'requests'] as const).flatMap((list) =>
    WHOLE_BYTES.flatMap((name) => fractionWarning(resources[list]?.[name], `${path}.resources.${list}[${name}]`)),
  )
  return [
    ...amounts,
    ...env.flatMap((variable, index) => hidden(variable, env.slice(0, index), `${path}.env[${index}]`)),
  ]
}

/** A second variable of one name is meant where it extends the first: `$(PATH):/more`. */
function hidden({ name, value = '', valueFrom }: EnvVar, before: readonly EnvVar[], path: string): string[] {
  const reference = `$(${name})`
  const extendsFirst = !valueFrom && value !== reference && value.includes(reference)
  if (extendsFirst || !before.some((other) => other.name === name)) return []
  return [`${path}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`]
}
