// Runs the thread where tsx loads the command: a thread does not inherit the TypeScript loader of the one that starts it.
// In the loader's JavaScript (bin/loader) the thread itself has this name.
import { register } from 'tsx/esm/api'

register()
await import('./sqlite-worker.ts')
