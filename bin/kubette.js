#!/usr/bin/env -S node --max-semi-space-size=2 --initial-old-space-size=10
// The installed command: hands over to kubette.ts.
import { setFlagsFromString } from 'node:v8'
import { load } from './loader/load.js'

// An agent does nothing for long: V8's compilers would cost it 6 MB and give nothing back. The server asks for them.
setFlagsFromString('--no-opt')
setFlagsFromString('--no-sparkplug')
await load()
