// A worker thread does not inherit the TypeScript loader of the process that starts it, so it brings its own.
import { register } from 'tsx/esm/api'

register()
await import('./sqlite-worker.ts')
