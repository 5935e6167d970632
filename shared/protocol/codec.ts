import { isShallow } from '../api/decode-scalar.ts'
import { AGENT_SHAPES, CONTROL_SHAPES } from './frame-shapes.ts'
import { type AgentFrame, type ControlFrame, type DataMessage, MAX_MESSAGE_BYTES } from './frames.ts'
import { isRecord, ownField, type Shape } from './shape.ts'

/** Bytes before the data of a binary message: the stream's number (32 bits, big-endian) and the channel. */
const DATA_HEADER_BYTES = 5

/** The deepest that the API's own types reach is half of this; what compares and stores frames walks by recursion. */
const MOST_DEPTH = 64

/** A message that was understood, or why it was not. */
export type Decoded<Frame> =
  | { ok: true; kind: 'frame'; frame: Frame }
  | { ok: true; kind: 'data'; data: DataMessage }
  | { ok: false; reason: string }

export type Decode<Frame> = (message: string | Uint8Array) => Decoded<Frame>

/** Reads what an agent sent. Never throws; nothing in `message` is trusted. */
export const decodeAgentMessage: Decode<AgentFrame> = decoder<AgentFrame>(AGENT_SHAPES)

/** Reads what the control plane sent. */
export const decodeControlMessage: Decode<ControlFrame> = decoder<ControlFrame>(CONTROL_SHAPES)

export function encodeFrame(frame: AgentFrame | ControlFrame): string {
  return JSON.stringify(frame)
}

/** Throws a RangeError where `message` holds no data: an empty message would escape the flow control. */
export function encodeData(message: DataMessage): Uint8Array {
  if (message.data.byteLength === 0) throw new RangeError('a data message cannot be empty')
  const bytes = new Uint8Array(DATA_HEADER_BYTES + message.data.byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, message.stream)
  view.setUint8(4, message.channel)
  bytes.set(message.data, DATA_HEADER_BYTES)
  return bytes
}

function decoder<Frame>(shapes: Readonly<Record<string, Shape>>): Decode<Frame> {
  return (message) => {
    const bytes = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength
    if (bytes > MAX_MESSAGE_BYTES) return refused(`message of ${bytes} bytes is longer than ${MAX_MESSAGE_BYTES}`)
    return typeof message === 'string' ? decodeFrame(message, shapes) : decodeData(message)
  }
}

function decodeFrame<Frame>(message: string, shapes: Readonly<Record<string, Shape>>): Decoded<Frame> {
  const value = parse(message)
  if (!isRecord(value)) return refused('message is not a JSON object')
  if (!isShallow(value, MOST_DEPTH)) return refused('message is nested too deep')
  const type = ownField(value, 'type')
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return refused(`unknown frame type ${show(type)}`)
  const wrong = shapes[type]?.(value, '')
  return wrong ? refused(`${type}: ${wrong}`) : { ok: true, kind: 'frame', frame: value as Frame }
}

function decodeData<Frame>(message: Uint8Array): Decoded<Frame> {
  if (message.byteLength <= DATA_HEADER_BYTES) return refused(`data message of ${message.byteLength} bytes`)
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const [stream, channel] = [view.getUint32(0), view.getUint8(4)]
  if (stream === 0) return refused('data message for stream 0')
  return { ok: true, kind: 'data', data: { stream, channel, data: message.subarray(DATA_HEADER_BYTES) } }
}

function parse(message: string): unknown {
  try {
    return JSON.parse(message)
  } catch {
    return undefined
  }
}

function refused(reason: string): { ok: false; reason: string } {
  return { ok: false, reason }
}

/** Short enough for a log line, whatever it was. */
function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeof value
}
