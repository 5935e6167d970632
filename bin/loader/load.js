import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundleOf } from './bundle.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs kubette.ts: as one piece of JavaScript where that can be kept, else with tsx, at the cost of memory and time. */
export async function load() {
  const bundle = bundleOf(ROOT)
  if (bundle) {
    await import(pathToFileURL(join(bundle, 'kubette.mjs')).href)
  } else {
    const { register } = await import('tsx/esm/api')
    register()
    await import('../kubette.ts')
  }
}
