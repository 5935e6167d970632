#!/usr/bin/env -S node --max-semi-space-size=2
// The installed command: hands over to kubette.ts. From Node 24 on, Node reads TypeScript by itself, except in
// node_modules; otherwise tsx does it, at the cost of some memory and time.
const [major = 0] = process.versions.node.split('.').map(Number)
const readsTypeScript = major >= 24 && process.features.typescript && !import.meta.url.includes('/node_modules/')
if (!readsTypeScript) (await import('tsx/esm/api')).register()
await import('./kubette.ts')
