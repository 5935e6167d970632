// Makes a fresh checkout ready to run. Uses nothing but Node itself, because it runs before `npm ci`.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE_FLOOR = [20, 19]

/** Says why the command cannot go on, and ends it. */
function fail(message) {
  console.error(`kubette: ${message}`)
  process.exit(1)
}

/** Checks Node, and installs the packages that the lock file names unless that was done already. */
export function installPackages({ dev }) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [floorMajor, floorMinor] = NODE_FLOOR
  if (major < floorMajor || (major === floorMajor && minor < floorMinor)) {
    fail(
      `needs Node ${NODE_FLOOR.join('.')} or newer; this is ${process.versions.node}. Get one from https://nodejs.org`,
    )
  }
  if (major === 20) console.error('kubette: Node 20 no longer gets security fixes; 22 or 24 is better.')

  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const marker = join(root, 'node_modules', '.kubette-installed')
  const [installed, kind] = existsSync(marker) ? readFileSync(marker, 'utf8').split(' ') : []
  if (installed === wanted && (kind === 'dev' || !dev)) return

  console.error('kubette: installing packages (npm ci) ...')
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(dev ? ['--include=dev'] : ['--omit=dev'])]
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  // Standard output stays free for what the command itself prints.
  const result = spawnSync(npm, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.status !== 0) fail('npm ci failed; see above.')
  writeFileSync(marker, `${wanted} ${dev ? 'dev' : 'run'}`)
}

/**
 * Finds a Docker Engine that answers, and installs one where that is possible without asking: as root on Debian or
 * Ubuntu. Sets DOCKER_HOST when the engine is not at its usual place.
 */
export async function ensureDocker() {
  if (process.env.DOCKER_HOST) {
    if (!process.env.DOCKER_HOST.startsWith('unix://') || (await answers(process.env.DOCKER_HOST.slice(7)))) return
    fail(`DOCKER_HOST is ${process.env.DOCKER_HOST}, but no Docker Engine answers there.`)
  }
  if (await findEngine()) return
  const dockerd = findProgram('dockerd')
  const isRoot = process.getuid?.() === 0
  if (!dockerd && isRoot && isDebianLike()) {
    console.error('kubette: no Docker Engine here; installing docker.io with apt-get ...')
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    run('apt-get', ['update', '-qq'], env)
    // With what it recommends: without apparmor or cgroupfs-mount it does not start everywhere.
    run('apt-get', ['install', '-y', '-qq', 'docker.io', 'iptables', 'iproute2', 'ca-certificates'], env)
  } else if (!dockerd) {
    fail(
      'found no Docker Engine. Install it (https://docs.docker.com/engine/install), then start it and try again' +
        (isDebianLike() ? ', or run this as root: it then installs docker.io itself.' : '.'),
    )
  } else if (!isRoot) {
    fail(
      'Docker Engine does not answer. Start it (sudo systemctl start docker); if it runs, let your user use it ' +
        '(sudo usermod -aG docker "$USER", then log in again).',
    )
  }
  console.error('kubette: starting the Docker Engine ...')
  await startEngine()
}

/** Where each tool of the end-to-end tests' several machines on one comes from, on Debian. */
const TEST_TOOLS = {
  ip: 'iproute2',
  iptables: 'iptables',
  ebtables: 'ebtables',
  tini: 'tini',
  curl: 'curl',
  python3: 'python3-minimal',
  busybox: 'busybox-static',
  'docker-compose': 'docker-compose',
  docker: 'docker.io',
  'docker-registry': 'docker-registry',
  strace: 'strace',
}

/** Installs what the tests use beside Docker, where that is possible without asking. Missing tools fail their tests. */
export function ensureTestTools() {
  const missing = Object.keys(TEST_TOOLS).filter((tool) => !findProgram(tool))
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !isDebianLike()) {
    console.error(`kubette: tests that need ${missing.join(', ')} will fail: install them first.`)
    return
  }
  console.error(`kubette: installing ${missing.join(', ')} for the tests ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-qq'], env)
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing.map((tool) => TEST_TOOLS[tool])], env)
}

async function findEngine() {
  const usual = '/var/run/docker.sock'
  const others = [
    join(homedir(), '.docker/run/docker.sock'),
    join(process.env.XDG_RUNTIME_DIR ?? '/nonexistent', 'docker.sock'),
  ]
  for (const socket of [usual, ...others]) {
    if (!(await answers(socket))) continue
    if (socket !== usual) process.env.DOCKER_HOST = `unix://${socket}`
    return true
  }
  return false
}

async function startEngine() {
  if (existsSync('/run/systemd/system')) {
    spawnSync('systemctl', ['enable', '--now', 'docker'], { stdio: 'ignore' })
    if (await becomesReady(30)) return
    fail('the Docker Engine does not come up; `journalctl -u docker` says why.')
  }
  mkdirSync('/var/log', { recursive: true })
  const log = openSync('/var/log/dockerd.log', 'a')
  const path = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` // its helpers are there too
  const dockerd = spawn('dockerd', [], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: path },
  })
  dockerd.on('error', () => {}) // said below
  dockerd.unref()
  if (await becomesReady(30)) return
  fail('the Docker Engine does not come up; /var/log/dockerd.log says why.')
}

async function becomesReady(seconds) {
  for (let left = seconds * 5; left > 0; left--) {
    if (await findEngine()) return true
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return false
}

function answers(socketPath) {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: '/_ping', timeout: 3000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}

function run(program, args, env) {
  const result = spawnSync(program, args, { stdio: ['ignore', 2, 2], env })
  if (result.status !== 0) fail(`${program} ${args.join(' ')} failed; see above.`)
}

function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function isDebianLike() {
  if (!existsSync('/etc/os-release')) return false
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
}
