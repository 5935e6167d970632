/** Which namespace of a Pod holds a kernel parameter. */
export type SysctlNamespace = 'ipc' | 'net'

const IPC_NAMES = new Set(['kernel.sem'])
const PREFIXES: readonly (readonly [prefix: string, namespace: SysctlNamespace])[] = [
  ['kernel.shm', 'ipc'],
  ['kernel.msg', 'ipc'],
  ['fs.mqueue.', 'ipc'],
  ['net.', 'net'],
]

/** The kernel's own spelling: in a name whose first separator is a slash, slashes and dots change places. */
export function sysctlName(text: string): string {
  if (/^[^./]*\//.test(text)) return text.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'))
  return text
}

/** Undefined for one that is the whole machine's. A name may end in `*`. */
export function sysctlNamespace(name: string): SysctlNamespace | undefined {
  if (IPC_NAMES.has(name)) return 'ipc'
  return PREFIXES.find(([prefix]) => name.startsWith(prefix))?.[1]
}
