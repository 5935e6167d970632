import { expect, it } from 'vitest'
import { stopSignal } from '../../../../../agent/runtime/docker/stop-signal.ts'

it.each([
  [undefined, 'SIGTERM'],
  ['', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
  ['quit', 'SIGQUIT'],
  ['Sigwinch', 'SIGWINCH'],
  ['SIGIOT', 'SIGIOT'],
  ['9', 'SIGKILL'],
  ['28', 'SIGWINCH'],
  ['RTMIN+3', 'SIGRTMIN+3'],
  ['34', 'SIGRTMIN'],
  ['37', 'SIGRTMIN+3'],
  ['49', 'SIGRTMIN+15'],
  ['50', 'SIGRTMAX-14'],
  ['64', 'SIGRTMAX'],
  ['0', 'SIGTERM'],
  ['65', 'SIGTERM'],
  ['SIGHELLO', 'SIGTERM'],
])('calls the stop signal %j %s', (configured, name) => {
  expect(stopSignal(configured)).toBe(name)
})
