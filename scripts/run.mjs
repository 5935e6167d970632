// `npm start` and `npm run down`: prepares the checkout, then runs the kubette command given.
import { ensureDocker, installPackages } from './setup.mjs'

installPackages({ dev: false })
await ensureDocker()
await import('../bin/kubette.js')
