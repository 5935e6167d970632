import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommandFailure } from './command-failure.ts'

const PLACES = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/local/bin/busybox']

/**
 * A static busybox of this machine: the installed one, or else the one in Debian's or Ubuntu's package `busybox-static`,
 * fetched without installing it. Throws a CommandFailure where there is neither.
 */
export function findStaticBusybox(): Buffer {
  for (const place of PLACES) {
    if (!existsSync(place)) continue
    const program = readFileSync(place)
    if (isStatic(program)) return program
  }
  return fetchFromDistribution()
}

function fetchFromDistribution(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kubette-busybox-'))
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: folder, stdio: 'ignore' })
  try {
    if (process.getuid?.() === 0) run('apt-get', 'update', '-qq')
    run('apt-get', 'download', '-qq', 'busybox-static')
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'))
    run('dpkg-deb', '-x', archive ?? '', 'root')
    const place = ['root/bin/busybox', 'root/usr/bin/busybox'].map((path) => join(folder, path)).find(existsSync)
    return readFileSync(place ?? '')
  } catch {
    throw new CommandFailure('found no static busybox to make the image from (Debian: apt-get install busybox-static)')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** True for a 64-bit ELF program without a program header of type PT_INTERP: it needs no shared library. */
function isStatic(program: Buffer): boolean {
  if (program.length < 64 || program.readUInt32BE(0) !== 0x7f454c46 || program[4] !== 2) return false
  const headers = Number(program.readBigUInt64LE(32))
  const size = program.readUInt16LE(54)
  const count = program.readUInt16LE(56)
  const types = Array.from({ length: count }, (_, index) => program.readUInt32LE(headers + index * size))
  return !types.includes(3)
}
