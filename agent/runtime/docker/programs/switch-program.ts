import type { Architecture } from './elf-executable.ts'
import { program } from './program.ts'

/** Where the image has it. */
export const SWITCH_PATH = '/switch'

/** Stands for the working directory. */
const AT_FDCWD = -100
const AT_REMOVEDIR = 0x200

/**
 * `switch FROM TO [OLD...]`: makes a new version of a volume's files the current one, in its working directory.
 *
 *   if (rename(FROM, TO) < 0) exit_group(1)
 *   for each OLD: if (unlink(OLD) < 0) rmdir(OLD)      what cannot be removed stays
 *   exit_group(0)
 *
 * The arguments are on the stack: their number, the program's name, then they and a 0.
 */
export function switchProgram(architecture: Architecture): Buffer {
  const [from, to, at, old] = ['r0', 'r1', 'r2', 'r3'] as const
  return program(architecture, (code) => {
    code.load(from, 'stack', 16, 64).load(to, 'stack', 24, 64)
    code.syscall('renameat', AT_FDCWD, from, AT_FDCWD, to).jumpIf('result', 'less', 0, 'failed')
    code.move(at, 'stack').add(at, 32)
    code.label('next').load(old, at, 0, 64).add(at, 8).jumpIf(old, 'equal', 0, 'done')
    code.syscall('unlinkat', AT_FDCWD, old, 0).jumpIf('result', 'equal', 0, 'next')
    code.syscall('unlinkat', AT_FDCWD, old, AT_REMOVEDIR).jump('next')
    code.label('done').syscall('exit_group', 0).label('failed').syscall('exit_group', 1)
  })
}
