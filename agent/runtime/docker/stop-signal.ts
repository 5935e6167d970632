const DEFAULT = 'SIGTERM'
/** Linux's, from 1 on. */
const NAMES = [
  ...[
    'HUP',
    'INT',
    'QUIT',
    'ILL',
    'TRAP',
    'ABRT',
    'BUS',
    'FPE',
    'KILL',
    'USR1',
    'SEGV',
    'USR2',
    'PIPE',
    'ALRM',
    'TERM',
  ],
  ...['STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'IO'],
  ...['PWR', 'SYS'],
]
/** Other names of the same. */
const ALIASES = ['CLD', 'IOT', 'POLL']
const RTMIN = 34
const RTMAX = 64
/** From here on they are counted from the last one. */
const NEARER_TO_MAX = 50
const REALTIME = Array.from({ length: RTMAX - RTMIN + 1 }, (_, index) => realtimeName(RTMIN + index))
const BY_NAME = new Set([...NAMES, ...ALIASES, ...REALTIME])
const BY_NUMBER = new Map([...NAMES.map(numbered(1)), ...REALTIME.map(numbered(RTMIN))])

/**
 * The signal that asks a container to end, by Kubernetes' name for it, such as `SIGRTMIN+3`. An image may name it without
 * SIG, or give its number; where it names none, or what is none, Docker takes SIGTERM.
 */
export function stopSignal(configured = ''): string {
  const name = configured.toUpperCase().replace(/^SIG/, '')
  if (BY_NAME.has(name)) return `SIG${name}`
  const numberedName = /^\d+$/.test(configured) ? BY_NUMBER.get(Number(configured)) : undefined
  return numberedName === undefined ? DEFAULT : `SIG${numberedName}`
}

function realtimeName(number: number): string {
  if (number === RTMIN) return 'RTMIN'
  if (number === RTMAX) return 'RTMAX'
  return number < NEARER_TO_MAX ? `RTMIN+${number - RTMIN}` : `RTMAX-${RTMAX - number}`
}

function numbered(first: number) {
  return (name: string, index: number): [number: number, name: string] => [first + index, name]
}
