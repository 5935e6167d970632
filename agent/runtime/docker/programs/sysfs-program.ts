import type { Architecture } from './elf-executable.ts'
import { program } from './program.ts'

/** Where the image has it. */
export const SYSFS_PATH = '/sysfs'

/** MS_REMOUNT, with the NOSUID, NODEV and NOEXEC that Docker mounts it with: without MS_BIND it is for the whole filesystem. */
const WRITABLE_AGAIN = 0x20 | 2 | 4 | 8

/**
 * `sysfs`: lets those that have it mounted writable write to the `/sys` of its network. Each mount that is read-only stays so.
 *
 *   exit_group(mount(0, "/sys", 0, MS_REMOUNT | ..., 0) < 0)
 */
export function sysfsProgram(architecture: Architecture): Buffer {
  return program(architecture, (code) => {
    const place = 'r0'
    code.addressOf(place, 'sys').syscall('mount', 0, place, 0, WRITABLE_AGAIN, 0).jumpIf('result', 'less', 0, 'failed')
    code.syscall('exit_group', 0).label('failed').syscall('exit_group', 1)
    code.label('sys').data(Buffer.from('/sys\0'))
  })
}
