import { Amd64Code } from './amd64-code.ts'
import { Arm64Code } from './arm64-code.ts'
import { type Architecture, elfExecutable } from './elf-executable.ts'

/** Where the image has it. */
export const OWN_PATH = '/own'

/** How far `AT_FDCWD`, which stands for the working directory, is below 0. */
const WORKING_DIRECTORY = 100
const AT_SYMLINK_NOFOLLOW = 0x100
/** O_DIRECTORY and O_NOFOLLOW differ. */
const OPEN_DIRECTORY = { amd64: 0x30000, arm64: 0xc000 }
/** As a user: leave it as it is. */
const NOBODY = 0xffffffff
const TYPE = 0xf000
const DIRECTORY = 0x4000
const LINK = 0xa000
const PERMISSIONS = 0o7777
const OF_FILES = 0o660
const OF_DIRECTORIES = 0o2770
const DOT = 0x2e

/** One frame of the stack for each directory on the way down: its descriptor, its mode, and how far it is read. */
const FD = 0
const MODE = 8
const NEXT = 16
const END = 24
const STAT = 32
const ENTRIES = 192
const FRAME_BYTES = 0x1000
const ENTRIES_BYTES = FRAME_BYTES - ENTRIES
/** Where an entry has its length and its name. */
const ENTRY_LENGTH = 16
const ENTRY_NAME = 19

/**
 * `own [IF]`: lets its own group read and write all that is in its working directory, and the directory itself last, so
 * that one who begins anew sees whether it was done. With an argument nothing happens where the directory is the group's already.
 *
 *   if (IF && gid of . is mine && (mode of . & 02770) == 02770) exit_group(0)
 *   own(openat("."))
 *   own(fd): for each entry but . and ..: lstat it
 *     a directory: own(openat(fd, it))
 *     else: lchown(it, -1, gid); unless it is a link: chmod(it, mode | 0660)
 *     fchown(fd, -1, gid); fchmod(fd, mode | 02770); close(fd)
 *
 * What cannot be changed stays as it is. It ends with 1 where a directory cannot be read.
 */
export function ownProgram(architecture: Architecture): Buffer {
  return elfExecutable(architecture, architecture === 'amd64' ? amd64() : arm64())
}

/** rbp: the name of an entry; rbx: how deep; r12: the exit code; r13: the group; r14: a mode. */
function amd64(): Buffer {
  const code = new Amd64Code()
  const [mode, gid] = [STAT + 24, STAT + 32]
  const workingDirectory = () => code.set('rdi', WORKING_DIRECTORY).negate('rdi').addressOf('rsi', 'here')
  const directory = () => code.loadFromStack('rdi', FD, 64)

  code.loadFromStack('rbp', 0, 64).syscall(104).move('r13', 'rax').set('r12', 0).set('rbx', 0)
  code.subtractNumber('rsp', FRAME_BYTES)
  workingDirectory().addressOnStack('rdx', STAT).syscall(262, 'rdi', 'rsi', 'rdx', 0)
  code.test('rax').jumpIf('negative', 'failed')
  code.loadFromStack('r14', mode, 32).storeOnStack('r14', MODE, 64).compareNumber('rbp', 1).jumpIf('equal', 'all')
  code.loadFromStack('rdx', gid, 32).subtract('rdx', 'r13').jumpIf('notEqual', 'all')
  code.andNumber('r14', OF_DIRECTORIES).compareNumber('r14', OF_DIRECTORIES).jumpIf('equal', 'done')
  code.label('all')
  workingDirectory().syscall(257, 'rdi', 'rsi', OPEN_DIRECTORY.amd64, 0)
  code.test('rax').jumpIf('negative', 'failed')

  code.label('opened').storeOnStack('rax', FD, 64)
  code.label('read')
  directory().addressOnStack('rsi', ENTRIES).syscall(217, 'rdi', 'rsi', ENTRIES_BYTES)
  code.test('rax').jumpIf('equal', 'leave').jumpIf('negative', 'unreadable')
  code.addressOnStack('rsi', ENTRIES).storeOnStack('rsi', NEXT, 64).add('rax', 'rsi').storeOnStack('rax', END, 64)

  code.label('entry').loadFromStack('rsi', NEXT, 64).loadFromStack('rax', END, 64)
  code.subtract('rax', 'rsi').jumpIf('notPositive', 'read').move('rbp', 'rsi').addNumber('rbp', ENTRY_NAME)
  code.loadHalfAtRsi('rax', ENTRY_LENGTH).add('rax', 'rsi').storeOnStack('rax', NEXT, 64)
  code.move('rsi', 'rbp').loadByteAtRsi('rax').compareNumber('rax', DOT).jumpIf('notEqual', 'look')
  code.addNumber('rsi', 1).loadByteAtRsi('rax').test('rax').jumpIf('equal', 'entry')
  code.compareNumber('rax', DOT).jumpIf('notEqual', 'look')
  code.addNumber('rsi', 1).loadByteAtRsi('rax').test('rax').jumpIf('equal', 'entry')

  code.label('look')
  directory().addressOnStack('rdx', STAT).syscall(262, 'rdi', 'rbp', 'rdx', AT_SYMLINK_NOFOLLOW)
  code.test('rax').jumpIf('negative', 'entry').loadFromStack('r14', mode, 32)
  code.move('rax', 'r14').andNumber('rax', TYPE).compareNumber('rax', DIRECTORY).jumpIf('equal', 'descend')
  directory().syscall(260, 'rdi', 'rbp', NOBODY, 'r13', AT_SYMLINK_NOFOLLOW)
  code.move('rax', 'r14').andNumber('rax', TYPE).compareNumber('rax', LINK).jumpIf('equal', 'entry')
  code.andNumber('r14', PERMISSIONS).orNumber('r14', OF_FILES)
  directory().syscall(268, 'rdi', 'rbp', 'r14').jump('entry')

  code.label('descend')
  directory().syscall(257, 'rdi', 'rbp', OPEN_DIRECTORY.amd64, 0).test('rax').jumpIf('negative', 'closed')
  code.subtractNumber('rsp', FRAME_BYTES).addNumber('rbx', 1).storeOnStack('r14', MODE, 64).jump('opened')
  code.label('closed').set('r12', 1).jump('entry')

  code.label('unreadable').set('r12', 1)
  code.label('leave')
  directory().syscall(93, 'rdi', NOBODY, 'r13')
  code.loadFromStack('r14', MODE, 64).andNumber('r14', PERMISSIONS).orNumber('r14', OF_DIRECTORIES)
  directory().syscall(91, 'rdi', 'r14')
  directory().syscall(3, 'rdi').test('rbx').jumpIf('equal', 'done')
  code.subtractNumber('rbx', 1).addNumber('rsp', FRAME_BYTES).jump('entry')

  code.label('done').syscall(231, 'r12').label('failed').syscall(231, 1)
  return code.label('here').data(Buffer.from('.\0')).build()
}

/** x19: the name of an entry; x20: how deep; x21: the exit code; x22: the group; x23: a mode; x9 to x12: for a moment. */
function arm64(): Buffer {
  const code = new Arm64Code()
  const [mode, gid] = [STAT + 16, STAT + 28]
  const workingDirectory = () => code.set('x0', WORKING_DIRECTORY).negate('x0').addressOf('x1', 'here')
  const directory = () => code.loadFromStack('x0', FD, 64)
  const typeOf = (register: 'x23') => code.set('x9', TYPE).and('x9', register)
  const permissions = (added: number) => code.set('x9', PERMISSIONS).and('x23', 'x9').set('x9', added).or('x23', 'x9')

  code.loadFromStack('x19', 0, 64).syscall(176).move('x22', 'x0').set('x21', 0).set('x20', 0)
  code.subtractNumber('sp', 'sp', FRAME_BYTES)
  workingDirectory().addNumber('x2', 'sp', STAT).syscall(79, 'x0', 'x1', 'x2', 0)
  code.compareNumber('x0', 0).jumpIf('negative', 'failed')
  code.loadFromStack('x23', mode, 32).storeOnStack('x23', MODE, 64).compareNumber('x19', 1).jumpIf('equal', 'all')
  code.loadFromStack('x9', gid, 32).subtract('x9', 'x22').compareNumber('x9', 0).jumpIf('notEqual', 'all')
  code.set('x9', OF_DIRECTORIES).and('x23', 'x9').compareNumber('x23', OF_DIRECTORIES).jumpIf('equal', 'done')
  code.label('all')
  workingDirectory().syscall(56, 'x0', 'x1', OPEN_DIRECTORY.arm64, 0)
  code.compareNumber('x0', 0).jumpIf('negative', 'failed')

  code.label('opened').storeOnStack('x0', FD, 64)
  code.label('read')
  directory().addNumber('x1', 'sp', ENTRIES).syscall(61, 'x0', 'x1', ENTRIES_BYTES)
  code.compareNumber('x0', 0).jumpIf('equal', 'leave').jumpIf('negative', 'unreadable')
  code.addNumber('x1', 'sp', ENTRIES).storeOnStack('x1', NEXT, 64).add('x0', 'x1').storeOnStack('x0', END, 64)

  code.label('entry').loadFromStack('x10', NEXT, 64).loadFromStack('x9', END, 64)
  code.subtract('x9', 'x10').compareNumber('x9', 0).jumpIf('notPositive', 'read').addNumber('x19', 'x10', ENTRY_NAME)
  code.loadHalf('x9', 'x10', ENTRY_LENGTH).add('x9', 'x10').storeOnStack('x9', NEXT, 64)
  code.loadByte('x9', 'x19').compareNumber('x9', DOT).jumpIf('notEqual', 'look')
  code.addNumber('x10', 'x19', 1).loadByte('x9', 'x10').compareNumber('x9', 0).jumpIf('equal', 'entry')
  code.compareNumber('x9', DOT).jumpIf('notEqual', 'look')
  code.addNumber('x10', 'x19', 2).loadByte('x9', 'x10').compareNumber('x9', 0).jumpIf('equal', 'entry')

  code.label('look')
  directory().addNumber('x2', 'sp', STAT).syscall(79, 'x0', 'x19', 'x2', AT_SYMLINK_NOFOLLOW)
  code.compareNumber('x0', 0).jumpIf('negative', 'entry').loadFromStack('x23', mode, 32)
  typeOf('x23').compareNumber('x9', DIRECTORY).jumpIf('equal', 'descend')
  directory().syscall(54, 'x0', 'x19', NOBODY, 'x22', AT_SYMLINK_NOFOLLOW)
  typeOf('x23').compareNumber('x9', LINK).jumpIf('equal', 'entry')
  permissions(OF_FILES)
  directory().syscall(53, 'x0', 'x19', 'x23').jump('entry')

  code.label('descend')
  directory().syscall(56, 'x0', 'x19', OPEN_DIRECTORY.arm64, 0).compareNumber('x0', 0).jumpIf('negative', 'closed')
  code.subtractNumber('sp', 'sp', FRAME_BYTES).addNumber('x20', 'x20', 1).storeOnStack('x23', MODE, 64).jump('opened')
  code.label('closed').set('x21', 1).jump('entry')

  code.label('unreadable').set('x21', 1)
  code.label('leave')
  directory().syscall(55, 'x0', NOBODY, 'x22')
  code.loadFromStack('x23', MODE, 64)
  permissions(OF_DIRECTORIES)
  directory().syscall(52, 'x0', 'x23')
  directory().syscall(57, 'x0').compareNumber('x20', 0).jumpIf('equal', 'done')
  code.subtractNumber('x20', 'x20', 1).addNumber('sp', 'sp', FRAME_BYTES).jump('entry')

  code.label('done').syscall(94, 'x21').label('failed').syscall(94, 1)
  return code.label('here').data(Buffer.from('.\0\0\0')).build()
}
