import { errnoName } from '../../runtime/errno-name.ts'
import { decodeAttributes, textOf } from './netlink-attributes.ts'
import { aligned, NLM_F_ACK_TLVS, NLM_F_CAPPED, type ReceivedMessage } from './netlink-message.ts'

const MESSAGE_HEADER_BYTES = 16
const NLMSGERR_ATTR_MSG = 1

/** The kernel refused a request, or what it said of it was lost. */
export class NetlinkError extends Error {
  /** Such as `EEXIST`. */
  readonly code: string
  /** The kernel's own words, where it gave some. */
  readonly reason: string | undefined
  /** Which message of a batch it is about; undefined where it is about the whole. */
  readonly index: number | undefined

  /** `about`: what the message is, in words. */
  constructor(code: string, reason?: string, index?: number, about = `message ${index}`) {
    super(`netlink: ${code}${reason ? ` (${reason})` : ''}${index === undefined ? '' : ` for ${about}`}`)
    this.name = 'NetlinkError'
    this.code = code
    this.reason = reason
    this.index = index
  }
}

/** Resolves where the kernel does what is asked, or, with undefined, refuses it with this code. */
export async function unless<T>(code: string, asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (!(error instanceof NetlinkError && error.code === code)) throw error
    return undefined
  })
}

/** What an NLMSG_ERROR or NLMSG_DONE says; undefined for an acknowledgement. */
export function errorOf(message: ReceivedMessage, index?: number, about?: string): NetlinkError | undefined {
  const errno = message.payload.length >= 4 ? -message.payload.readInt32LE(0) : 0
  return errno === 0 ? undefined : new NetlinkError(errnoName(errno), reasonOf(message), index, about)
}

/** Attributes follow the request that it is about, or the header of that alone. */
function reasonOf({ flags, payload }: ReceivedMessage): string | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0 || payload.length < 4 + MESSAGE_HEADER_BYTES) return undefined
  const repeated = (flags & NLM_F_CAPPED) === 0 ? payload.readUInt32LE(4) : MESSAGE_HEADER_BYTES
  const reason = decodeAttributes(payload.subarray(4 + aligned(repeated))).get(NLMSGERR_ATTR_MSG)
  return reason && textOf(reason)
}
