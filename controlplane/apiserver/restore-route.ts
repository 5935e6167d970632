import { ApiError } from '../../shared/api/api-error.ts'
import type { Logger } from '../../shared/log.ts'
import { RESTORE_PATH } from '../../shared/protocol/restore.ts'
import { administratorOf, type Gatekeepers } from './administrator.ts'
import type { ExtraRoute } from './server-options.ts'

export interface RestoreRouteOptions extends Gatekeepers {
  readonly log: Logger
  /** Whether a restore was made ready. */
  isReady(): boolean
  /** Called once the answer is sent. */
  restore(): void
}

/** `POST /kubette/v1/restore`: the server takes the state that was made ready for it, in place of its own. */
export function createRestoreRoute({ log, isReady, restore, ...gatekeepers }: RestoreRouteOptions): ExtraRoute {
  return {
    method: 'POST',
    path: RESTORE_PATH,
    async handle(request, response) {
      const { name } = await administratorOf(request, gatekeepers, { verb: 'post', nonResourcePath: RESTORE_PATH })
      if (!isReady()) throw new ApiError('Conflict', 'nothing was made ready to be restored')
      log.info({ user: name }, 'the state is restored from a backup')
      response.statusCode = 202
      response.setHeader('content-type', 'application/json')
      response.once('close', restore)
      response.end('{}\n')
    },
  }
}
