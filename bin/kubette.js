#!/usr/bin/env -S node --max-semi-space-size=2 --initial-old-space-size=10
// The installed command: hands over to kubette.ts.
import { setFlagsFromString } from 'node:v8'
import { load } from './loader/load.js'

// An agent does nothing for long: V8's optimizing compiler would cost it 4 MB and give nothing back. The server asks for it.
setFlagsFromString('--no-opt')
await load()
