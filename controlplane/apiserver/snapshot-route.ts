import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { SNAPSHOT_PATH, type Snapshot } from '../../shared/protocol/snapshot.ts'
import { administratorOf, type Gatekeepers } from './administrator.ts'
import type { HttpResponse } from './http/http-request.ts'
import { ResponseSink } from './http/response-sink.ts'
import type { ExtraRoute } from './server-options.ts'

export interface SnapshotRouteOptions extends Gatekeepers {
  readonly clock: Clock
  readonly log: Logger
  snapshot(): Promise<Snapshot>
}

/** Objects encoded at a time: others are served in between. */
const OBJECTS_PER_PIECE = 100

/** `GET /kubette/v1/snapshot`: every object there is, Secrets too, so for administrators alone. */
export function createSnapshotRoute({ clock, log, snapshot, ...gatekeepers }: SnapshotRouteOptions): ExtraRoute {
  return {
    method: 'GET',
    path: SNAPSHOT_PATH,
    async handle(request, response) {
      const { name } = await administratorOf(request, gatekeepers, { verb: 'get', nonResourcePath: SNAPSHOT_PATH })
      log.info({ user: name }, 'a snapshot of the state is taken')
      response.setHeader('content-type', 'application/json')
      response.setHeader('cache-control', 'no-store')
      await send(response, await snapshot(), clock)
    },
  }
}

/** One JSON document, so that it cannot be taken for whole where it is not. */
async function send(response: HttpResponse, { revision, objects }: Snapshot, clock: Clock): Promise<void> {
  const sink = new ResponseSink(response, clock)
  await sink.write(`{"revision":${revision},"objects":[`)
  for (let at = 0; at < objects.length; at += OBJECTS_PER_PIECE) {
    const piece = objects.slice(at, at + OBJECTS_PER_PIECE).map((object) => JSON.stringify(object))
    await sink.write((at > 0 ? ',' : '') + piece.join())
  }
  response.end(']}')
}
