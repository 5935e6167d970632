import { ApiError } from '../../../shared/api/api-error.ts'
import { PODS } from '../../../shared/api/kinds.ts'
import type { AttachRequest, ExecRequest } from '../../../shared/protocol/frames.ts'
import type { Handler } from '../handler.ts'
import type { Query } from '../request/query.ts'
import { negotiateCommand, upgradeRequired } from '../streaming/negotiate.ts'
import { relayCommand } from '../streaming/relay-command.ts'
import { containerOf, nodeOf, podOf } from './pod-container.ts'
import type { Connect, Subresource } from './subresource.ts'

/** What a plain request gets. */
export const refusePlain: Handler = async () => {
  throw upgradeRequired()
}

/** A command in a container. */
export const exec: Subresource = {
  name: 'exec',
  isServedFor: (kind) => kind.type === PODS.type,
  representation: { group: '', version: 'v1', kind: 'PodExecOptions' },
  handlers: { create: refusePlain, get: refusePlain },
  connect: connectTo((query) => ({ kind: 'exec', command: commandOf(query) })),
}

/** A container's own process. */
export const attach: Subresource = {
  name: 'attach',
  isServedFor: (kind) => kind.type === PODS.type,
  representation: { group: '', version: 'v1', kind: 'PodAttachOptions' },
  handlers: { create: refusePlain, get: refusePlain },
  connect: connectTo(() => ({ kind: 'attach' })),
}

type What = Pick<ExecRequest, 'kind' | 'command'> | Pick<AttachRequest, 'kind'>

/** The node has accepted before the client is answered, so that what it refuses is still a proper Status. */
function connectTo(what: (query: Query) => What): Connect {
  return async (request, services, connection) => {
    const { query, signal } = request
    const pod = await podOf(request, services)
    const container = containerOf(pod, query.text('container'))
    const streams = readStreams(query)
    const accept = negotiateCommand(connection, streams, services.clock)
    const wanted = { ...what(query), podUid: pod.metadata.uid, container, ...streams }
    const stream = await services.nodeStreams.open(nodeOf(pod), wanted, signal)
    return async () => {
      try {
        await relayCommand(stream, await accept())
      } catch (error) {
        stream.end(error)
      }
    }
  }
}

/** With a terminal there is only one output. */
function readStreams(query: Query) {
  const tty = query.flag('tty')
  const stdin = query.flag('stdin')
  const stdout = query.optionalFlag('stdout') ?? true
  const stderr = !tty && (query.optionalFlag('stderr') ?? true)
  if (!stdin && !stdout && !stderr) throw ApiError.badRequest('you must specify at least 1 of stdin, stdout, stderr')
  return { stdin, stdout, stderr, tty }
}

function commandOf(query: Query): string[] {
  const command = query.texts('command')
  if (command.length === 0) throw ApiError.badRequest('you must specify at least one command for the container')
  return command
}
