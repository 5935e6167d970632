import type { Architecture } from './elf-executable.ts'
import type { MachineCode } from './machine-code.ts'
import { program } from './program.ts'

/** Where the image has it. */
export const OWN_PATH = '/own'

/** Stands for the working directory. */
const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100
/** O_DIRECTORY and O_NOFOLLOW differ. */
const OPEN_DIRECTORY = { amd64: 0x30000, arm64: 0xc000 }
/** Where `struct stat` has them. */
const STAT_MODE = { amd64: 24, arm64: 16 }
const STAT_GROUP = { amd64: 32, arm64: 28 }
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

const NAME = 'r0'
const DEPTH = 'r1'
const EXIT = 'r2'
const GROUP = 'r3'
const MODE_NOW = 'r4'
const SOME = 'r5'
/** Where `directory` puts it for the next call. */
const DIRECTORY_FD = 'result'

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
  return program(architecture, (code) => {
    begin(code, architecture)
    readDirectory(code)
    nextEntry(code)
    ownEntry(code, STAT + STAT_MODE[architecture])
    code.label('descend')
    directory(code).syscall('openat', DIRECTORY_FD, NAME, OPEN_DIRECTORY[architecture], 0)
    code.jumpIf('result', 'less', 0, 'closed').subtract('stack', FRAME_BYTES).add(DEPTH, 1)
    code.store(MODE_NOW, 'stack', MODE, 64).jump('opened')
    code.label('closed').set(EXIT, 1).jump('entry')
    leaveDirectory(code)
    code.label('done').syscall('exit_group', EXIT).label('failed').syscall('exit_group', 1)
    code.label('here').data(Buffer.from('.\0'))
  })
}

function begin(code: MachineCode, architecture: Architecture): void {
  const [HERE, ARGUMENTS] = [NAME, SOME] as const
  code.syscall('getgid').move(GROUP, 'result').set(EXIT, 0).set(DEPTH, 0).addressOf(HERE, 'here')
  code.subtract('stack', FRAME_BYTES).move(SOME, 'stack').add(SOME, STAT)
  code.syscall('newfstatat', AT_FDCWD, HERE, SOME, 0).jumpIf('result', 'less', 0, 'failed')
  code.load(MODE_NOW, 'stack', STAT + STAT_MODE[architecture], 32).store(MODE_NOW, 'stack', MODE, 64)
  code.load(ARGUMENTS, 'stack', FRAME_BYTES, 64).jumpIf(ARGUMENTS, 'equal', 1, 'all')
  code.load(SOME, 'stack', STAT + STAT_GROUP[architecture], 32).jumpIf(SOME, 'notEqual', GROUP, 'all')
  code.and(MODE_NOW, OF_DIRECTORIES).jumpIf(MODE_NOW, 'equal', OF_DIRECTORIES, 'done')
  code.label('all').syscall('openat', AT_FDCWD, HERE, OPEN_DIRECTORY[architecture], 0)
  code.jumpIf('result', 'less', 0, 'failed')
}

function readDirectory(code: MachineCode): void {
  code.label('opened').store('result', 'stack', FD, 64)
  code.label('read').move(SOME, 'stack').add(SOME, ENTRIES)
  directory(code).syscall('getdents64', DIRECTORY_FD, SOME, ENTRIES_BYTES)
  code.jumpIf('result', 'equal', 0, 'leave').jumpIf('result', 'less', 0, 'unreadable')
  code.store(SOME, 'stack', NEXT, 64).add('result', SOME).store('result', 'stack', END, 64)
}

/** All but `.` and `..`. */
function nextEntry(code: MachineCode): void {
  const [LETTER, ENDS_AT] = [SOME, SOME] as const
  code.label('entry').load(NAME, 'stack', NEXT, 64).load(ENDS_AT, 'stack', END, 64)
  code.jumpIf(NAME, 'notLess', ENDS_AT, 'read')
  code.load(SOME, NAME, ENTRY_LENGTH, 16).add(SOME, NAME).store(SOME, 'stack', NEXT, 64).add(NAME, ENTRY_NAME)
  code.load(LETTER, NAME, 0, 8).jumpIf(LETTER, 'notEqual', DOT, 'look')
  code.load(LETTER, NAME, 1, 8).jumpIf(LETTER, 'equal', 0, 'entry').jumpIf(LETTER, 'notEqual', DOT, 'look')
  code.load(LETTER, NAME, 2, 8).jumpIf(LETTER, 'equal', 0, 'entry')
}

function ownEntry(code: MachineCode, mode: number): void {
  code.label('look').move(SOME, 'stack').add(SOME, STAT)
  directory(code)
    .syscall('newfstatat', DIRECTORY_FD, NAME, SOME, AT_SYMLINK_NOFOLLOW)
    .jumpIf('result', 'less', 0, 'entry')
  code.load(MODE_NOW, 'stack', mode, 32).move(SOME, MODE_NOW).and(SOME, TYPE)
  code.jumpIf(SOME, 'equal', DIRECTORY, 'descend')
  directory(code).syscall('fchownat', DIRECTORY_FD, NAME, NOBODY, GROUP, AT_SYMLINK_NOFOLLOW)
  code.jumpIf(SOME, 'equal', LINK, 'entry').and(MODE_NOW, PERMISSIONS).or(MODE_NOW, OF_FILES)
  directory(code).syscall('fchmodat', DIRECTORY_FD, NAME, MODE_NOW).jump('entry')
}

function leaveDirectory(code: MachineCode): void {
  code.label('unreadable').set(EXIT, 1)
  code.label('leave')
  directory(code).syscall('fchown', DIRECTORY_FD, NOBODY, GROUP)
  code.load(MODE_NOW, 'stack', MODE, 64).and(MODE_NOW, PERMISSIONS).or(MODE_NOW, OF_DIRECTORIES)
  directory(code).syscall('fchmod', DIRECTORY_FD, MODE_NOW)
  directory(code).syscall('close', DIRECTORY_FD).jumpIf(DEPTH, 'equal', 0, 'done')
  code.subtract(DEPTH, 1).add('stack', FRAME_BYTES).jump('entry')
}

function directory(code: MachineCode): MachineCode {
  return code.load(DIRECTORY_FD, 'stack', FD, 64)
}
