#!/usr/bin/env -S node --max-semi-space-size=2
// The installed command: hands over to kubette.ts.
import { load } from './loader/load.js'

await load()
