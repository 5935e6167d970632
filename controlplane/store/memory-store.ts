import { JournaledStore, type StoreOptions } from './journaled-store.ts'

/** Keeps everything in memory and nothing beyond the process: for tests, simulations and trials. */
export class MemoryStore extends JournaledStore {
  constructor(options: StoreOptions = {}) {
    super({ commit: async () => {}, close: async () => {} }, { items: [], revision: 0 }, options)
  }
}
