import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundleOf } from './bundle.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs kubette.ts: as one piece of JavaScript where that can be kept, else with tsx, at the cost of memory and time. */
export async function load() {
  requirePackages()
  const bundle = bundleOf(ROOT)
  if (bundle) {
    await import(pathToFileURL(join(bundle, 'kubette.mjs')).href)
  } else {
    const { register } = await import('tsx/esm/api')
    register()
    await import('../kubette.ts')
  }
}

/** Ends the process where nothing was installed yet, as in a fresh clone. */
function requirePackages() {
  try {
    createRequire(import.meta.url).resolve('esbuild')
  } catch {
    console.error(
      `kubette: its packages are missing: run \`npm ci\` in ${ROOT}, or \`npm start\`, which does that first`,
    )
    process.exit(1)
  }
}
