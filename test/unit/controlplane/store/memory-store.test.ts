import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { storeContract } from '../../../contracts/store.ts'

storeContract('MemoryStore', async (options) => new MemoryStore(options))
