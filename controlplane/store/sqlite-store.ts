import { Worker } from 'node:worker_threads'
import { messageOf } from '../../shared/error-message.ts'
import type { Journal, JournalRecord, Recovered } from './journal.ts'
import { JournaledStore, type StoreOptions } from './journaled-store.ts'
import type { WorkerAnswer, WorkerRequest } from './sqlite-messages.ts'
import { OutcomeUnknown, type Store, StoreUnavailable } from './store.ts'

/**
 * A store in the SQLite file at `path`, which is made where it is missing; its directory must exist. Only one process
 * can have it open. Throws StoreUnavailable where the file cannot be opened or read.
 */
export async function openSqliteStore(path: string, options: StoreOptions = {}): Promise<Store> {
  const journal = new SqliteJournal(path)
  try {
    return new JournaledStore(journal, await journal.recover(), options)
  } catch (error) {
    await journal.terminate()
    throw new StoreUnavailable(new Error(`${path}: ${messageOf(error)}`, { cause: error }))
  }
}

interface Waiting {
  resolve(answer: WorkerAnswer): void
  reject(error: Error): void
}

/** The thread that does the waiting for the disk. It is asked one thing at a time. */
class SqliteJournal implements Journal {
  readonly #worker: Worker
  #waiting: Waiting | undefined
  #dead: Error | undefined

  constructor(path: string) {
    this.#worker = new Worker(new URL('./sqlite-worker-entry.mjs', import.meta.url), {
      workerData: { path },
      execArgv: ['--disable-warning=ExperimentalWarning'], // node:sqlite says so on Node 22
    })
    this.#worker.on('message', (answer: WorkerAnswer) => this.#settle((waiting) => waiting.resolve(answer)))
    this.#worker.on('error', (error) => this.#die(error))
    this.#worker.on('exit', () => this.#die(new Error('the thread that writes has ended')))
  }

  async recover(): Promise<Recovered> {
    const answer = await this.#answer()
    if (answer.type !== 'opened') throw unexpected(answer)
    return answer
  }

  async commit(records: readonly JournalRecord[]): Promise<void> {
    const answer = await this.#ask({ type: 'commit', records: records.map(sendable) }).catch((error) => {
      throw new OutcomeUnknown(error)
    })
    if (answer.type === 'outcomeUnknown') throw new OutcomeUnknown(answer.message)
    if (answer.type !== 'committed') throw unexpected(answer)
  }

  async close(): Promise<void> {
    if (!this.#dead) await this.#ask({ type: 'close' })
    await this.terminate()
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #ask(request: WorkerRequest): Promise<WorkerAnswer> {
    const answer = this.#answer()
    if (!this.#dead) this.#worker.postMessage(request)
    return answer
  }

  #answer(): Promise<WorkerAnswer> {
    if (this.#dead) return Promise.reject(this.#dead)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) how(waiting)
  }

  #die(error: Error): void {
    this.#dead ??= error
    this.#settle((waiting) => waiting.reject(error))
  }
}

/** A value may be a view into a larger buffer, which would be sent whole. */
function sendable(record: JournalRecord): JournalRecord {
  const isView = record.type === 'put' && record.value.byteLength !== record.value.buffer.byteLength
  return isView ? { ...record, value: record.value.slice() } : record
}

function unexpected(answer: WorkerAnswer): Error {
  return new Error(answer.type === 'failed' ? answer.message : `the thread that writes said ${answer.type}`)
}
