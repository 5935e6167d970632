/**
 * What goes between a socket relay and its user, both ways: frames of 8 bytes of header and so much more. All numbers
 * are little-endian:
 *
 *   u32 bytes after the header | u8 kind | u8 socket | u16 extra
 *
 * Sockets are numbered by the user, up to `FIRST_CONNECTION`; above that by the relay. Each command is answered by
 * `result` in its order, but for `reset` and for a `send` that does what it should.
 */
export const HEADER_BYTES = 8
/** A socket's address as the kernel has it, with zeros behind it. */
export const ADDRESS_BYTES = 32
export const SOCKETS = 64
export const FIRST_CONNECTION = 24
/** Of a frame to the relay, without its header: enough for thousands of rules in one transaction. */
export const MOST_COMMAND_BYTES = 4 * 1024 * 1024
/** A datagram of so many bytes was probably cut. */
export const MOST_RECEIVED_BYTES = 64 * 1024
/** With no more of a begun frame in this time, the relay takes what comes next for the beginning of one: its user has gone. */
export const FRAME_TIMEOUT_MS = 5_000

export const COMMANDS = {
  /** Closes all sockets. It is sent back as it is: what came before that was for somebody else. */
  reset: 1,
  /** u32 domain, u32 type, u32 protocol */
  open: 2,
  /** u32 level, u32 name, value */
  setOption: 3,
  /** address, as long as its family has it */
  bind: 4,
  listen: 5,
  /** Extra: bytes of the address, which may be none. Then ADDRESS_BYTES, then the data. */
  send: 6,
  close: 7,
} as const

export const EVENTS = {
  reset: COMMANDS.reset,
  /** i64: what the kernel said to a command, negative for an error. Extra as in the command. */
  result: 16,
  /** Extra: bytes of the address. Then ADDRESS_BYTES, then the data; none ends the input of a connection. */
  received: 17,
  /** i64: an error in receiving. A connection is over then, also with 0, and is to be closed. */
  failed: 18,
  /** Extra: the number of the connection. Then ADDRESS_BYTES. */
  accepted: 19,
} as const
