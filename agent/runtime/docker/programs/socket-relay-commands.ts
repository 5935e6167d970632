import type { MachineCode } from './machine-code.ts'
import { ADDRESS_BYTES, COMMANDS, EVENTS, HEADER_BYTES, MOST_COMMAND_BYTES, SOCKETS } from './socket-protocol.ts'
import {
  AT,
  COMMAND,
  closeAll,
  closeSocket,
  EAGAIN,
  ENTRY,
  event,
  FD,
  FREE,
  HAVE,
  INDEX,
  INPUT,
  INPUT_REST,
  LISTENS,
  MEMORY,
  MSG_DONTWAIT,
  NEED,
  OUTPUT,
  ofSocket,
  POLL_EVENTS,
  POLLIN,
  SOCKET_POLLS,
  SOME,
} from './socket-relay-memory.ts'

const EINVAL = -22
const MADV_DONTNEED = 4
const MSG_NOSIGNAL = 0x4000
const BACKLOG = 128

/** First a header, then what it announces. */
export function readFrame(code: MachineCode): void {
  const LEFT = ENTRY
  code.label('input').load(SOME, MEMORY, HAVE, 64).load(LEFT, MEMORY, NEED, 64).subtract(LEFT, SOME)
  code.move(AT, MEMORY).add(AT, INPUT).add(AT, SOME)
  code.syscall('read', 0, AT, LEFT).jumpIf('result', 'equal', EAGAIN, 'loop')
  code.jumpIf('result', 'notGreater', 0, 'stdinEnded').add(SOME, 'result').store(SOME, MEMORY, HAVE, 64)
  code.load(LEFT, MEMORY, NEED, 64).jumpIf(SOME, 'less', LEFT, 'loop')
  code.move(AT, MEMORY).add(AT, INPUT).load(SOME, AT, 0, 32)
  code.jumpIf(LEFT, 'greater', HEADER_BYTES, 'execute').jumpIf(SOME, 'equal', 0, 'execute')
  code.jumpIf(SOME, 'greater', MOST_COMMAND_BYTES, 'discard')
  code.add(SOME, HEADER_BYTES).store(SOME, MEMORY, NEED, 64).jump('loop')
}

/** At AT is the frame, in SOME its length without the header. */
export function execute(code: MachineCode): void {
  code.label('execute').set('result', 0).store('result', MEMORY, HAVE, 64)
  code.set('result', HEADER_BYTES).store('result', MEMORY, NEED, 64)
  code.load(COMMAND, AT, 4, 8).jumpIf(COMMAND, 'equal', COMMANDS.reset, 'reset')
  code.load(INDEX, AT, 5, 8).set('result', EINVAL).jumpIf(INDEX, 'notLess', SOCKETS, 'reply')
  ofSocket(code, FD)
  code.loadSigned32(FD, FD, SOCKET_POLLS)
  for (const command of ['send', 'open', 'setOption', 'bind', 'listen', 'close'] as const) {
    code.jumpIf(COMMAND, 'equal', COMMANDS[command], command)
  }
  code.label('reply').store('result', MEMORY, OUTPUT + HEADER_BYTES, 64)
  code.move(AT, MEMORY).add(AT, INPUT).load(SOME, AT, 6, 16)
  code.store(SOME, MEMORY, OUTPUT + 6, 16)
  event(code, EVENTS.result)
  code.set('result', 8).jump('give')
  send(code)
  open(code)
  configure(code)

  code.label('reset')
  closeAll(code, 'forReset')
  code.load('result', AT, 0, 32).add('result', HEADER_BYTES).jump('giveFrom')
}

function send(code: MachineCode): void {
  const ADDRESS = ENTRY
  code.label('send').move(ADDRESS, AT).add(ADDRESS, HEADER_BYTES).load('result', AT, 6, 16)
  code.add(AT, HEADER_BYTES + ADDRESS_BYTES).subtract(SOME, ADDRESS_BYTES)
  code.syscall('sendto', FD, AT, SOME, MSG_DONTWAIT + MSG_NOSIGNAL, ADDRESS, 'result')
  code.jumpIf(SOME, 'less', INPUT_REST - INPUT, 'sent')
  code.move(COMMAND, 'result').move(AT, MEMORY).add(AT, INPUT_REST)
  code.syscall('madvise', AT, MOST_COMMAND_BYTES, MADV_DONTNEED).move('result', COMMAND)
  code.label('sent').jumpIf('result', 'equal', SOME, 'loop').jump('reply')
}

function open(code: MachineCode): void {
  const [DOMAIN, TYPE, PROTOCOL] = [ENTRY, SOME, AT] as const
  code.label('open').load(DOMAIN, AT, 8, 32).load(TYPE, AT, 12, 32).load(PROTOCOL, AT, 16, 32)
  code.syscall('socket', DOMAIN, TYPE, PROTOCOL).jumpIf('result', 'less', 0, 'reply')
  ofSocket(code, ENTRY)
  code.store('result', ENTRY, SOCKET_POLLS, 32)
  code.set(SOME, POLLIN).store(SOME, ENTRY, SOCKET_POLLS + POLL_EVENTS, 16)
  code.jump('reply')
}

function configure(code: MachineCode): void {
  const [LEVEL, NAME] = [ENTRY, 'result'] as const
  code.label('setOption').load(LEVEL, AT, 8, 32).load(NAME, AT, 12, 32).add(AT, 16).subtract(SOME, 8)
  code.syscall('setsockopt', FD, LEVEL, NAME, AT, SOME).jump('reply')
  code.label('bind').add(AT, HEADER_BYTES).syscall('bind', FD, AT, SOME).jump('reply')
  code.label('listen').syscall('listen', FD, BACKLOG)
  code.move(ENTRY, MEMORY).add(ENTRY, INDEX).set(SOME, 1).store(SOME, ENTRY, LISTENS, 8).jump('reply')
  code.label('close')
  closeSocket(code, FREE)
  code.jump('reply')
}
