// Translates and joins the command's TypeScript and packages: node build.js <root> <directory>
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const [root, outdir] = process.argv.slice(2)

try {
  await build({
    absWorkingDir: root,
    outdir,
    // The second is a thread of the first, which looks for it beside itself.
    entryPoints: { kubette: 'bin/kubette.ts', 'sqlite-worker-entry': 'controlplane/store/sqlite-worker.ts' },
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // Node keeps the text of what it runs. Names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    target: 'node20.19',
    inject: [fileURLToPath(new URL('./stack-traces.js', import.meta.url))],
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
    // Packages that are CommonJS require what is Node's.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    alias: { ssh2: fileURLToPath(new URL('./ssh2.js', import.meta.url)) },
  })
} catch {
  process.exit(1) // esbuild has said why
}
