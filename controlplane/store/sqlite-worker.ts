import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../shared/error-message.ts'
import type { JournalRecord } from './journal.ts'
import { openStateFile } from './sqlite-file.ts'
import type { WorkerAnswer, WorkerRequest } from './sqlite-messages.ts'
import type { SqliteTables } from './sqlite-tables.ts'
import { OutcomeUnknown } from './store.ts'

const port = parentPort
if (!port) throw new Error('this file runs as a worker thread')

const { path } = workerData as { path: string }
const answer = (message: WorkerAnswer) => port.postMessage(message)

try {
  const tables = await openStateFile(path)
  answer({ type: 'opened', ...tables.load() })
  port.on('message', (request: WorkerRequest) => {
    switch (request.type) {
      case 'commit':
        answer(commit(tables, request.records))
        break
      case 'close':
        tables.close()
        answer({ type: 'closed' })
        port.close()
        break
    }
  })
} catch (error) {
  answer({ type: 'failed', message: messageOf(error) })
  port.close()
}

function commit(tables: SqliteTables, records: readonly JournalRecord[]): WorkerAnswer {
  try {
    tables.commit(records)
    return { type: 'committed' }
  } catch (error) {
    return { type: error instanceof OutcomeUnknown ? 'outcomeUnknown' : 'failed', message: messageOf(error) }
  }
}
