#!/usr/bin/env node
// The installed command: lets Node read TypeScript, then hands over to kubette.ts.
import { register } from 'tsx/esm/api'

register()
await import('./kubette.ts')
