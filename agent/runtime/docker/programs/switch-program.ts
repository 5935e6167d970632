import { Amd64Code } from './amd64-code.ts'
import { Arm64Code } from './arm64-code.ts'
import { type Architecture, elfExecutable } from './elf-executable.ts'

/** Where the image has it. */
export const SWITCH_PATH = '/switch'

/** How far `AT_FDCWD`, which stands for the working directory, is below 0. */
const WORKING_DIRECTORY = 100
const AT_REMOVEDIR = 0x200

/**
 * `switch FROM TO [OLD...]`: makes a new version of a volume's files the current one, in its working directory.
 *
 *   if (rename(FROM, TO) < 0) exit_group(1)
 *   for each OLD: if (unlink(OLD) < 0) rmdir(OLD)      what cannot be removed stays
 *   exit_group(0)
 */
export function switchProgram(architecture: Architecture): Buffer {
  return elfExecutable(architecture, architecture === 'amd64' ? amd64() : arm64())
}

/** The arguments are on the stack: their number, the program's name, then they and a 0. */
function amd64(): Buffer {
  const code = new Amd64Code()
  code.loadFromStack('rdi', 16, 64).loadFromStack('rsi', 24, 64).syscall(82, 'rdi', 'rsi')
  code.test('rax').jumpIf('negative', 'failed').addNumber('rsp', 32)
  code.label('next').loadFromStack('rdi', 0, 64).addNumber('rsp', 8).test('rdi').jumpIf('equal', 'done')
  code.syscall(87, 'rdi').test('rax').jumpIf('equal', 'next').syscall(84, 'rdi').jump('next')
  return code.label('done').syscall(231, 0).label('failed').syscall(231, 1).build()
}

/** Its stack pointer may only move by 16 bytes, so another register goes along the arguments. */
function arm64(): Buffer {
  const code = new Arm64Code()
  const workingDirectory = () => code.set('x0', WORKING_DIRECTORY).negate('x0')
  workingDirectory().move('x2', 'x0').loadFromStack('x1', 16, 64).loadFromStack('x3', 24, 64)
  code.syscall(38, 'x0', 'x1', 'x2', 'x3').compareNumber('x0', 0).jumpIf('negative', 'failed')
  code.addNumber('x9', 'sp', 32)
  code.label('next').load('x1', 'x9').addNumber('x9', 'x9', 8).compareNumber('x1', 0).jumpIf('equal', 'done')
  workingDirectory().syscall(35, 'x0', 'x1', 0).compareNumber('x0', 0).jumpIf('equal', 'next')
  workingDirectory().syscall(35, 'x0', 'x1', AT_REMOVEDIR).jump('next')
  return code.label('done').syscall(94, 0).label('failed').syscall(94, 1).build()
}
