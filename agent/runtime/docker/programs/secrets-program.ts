import type { Architecture } from './elf-executable.ts'
import type { MachineCode } from './machine-code.ts'
import { program } from './program.ts'

/** What a container has of it, and where. */
export const SECRETS_DIRECTORY = '/.kubette'
export const SECRETS_FILES = { program: 'run', environment: 'environment', command: 'command' } as const

/** Stands for the working directory. */
const AT_FDCWD = -100
/** O_CLOEXEC, and O_RDONLY */
const CLOSED_BY_EXEC = 0x80000
const PROT_READ_WRITE = 3
/** MAP_PRIVATE, ANONYMOUS, NORESERVE */
const MAP_MEMORY = 0x4022
const STDERR = 2

const MIB = 0x100000
/** How long the files may be: the kernel gives no process more than 6 MiB of both. */
const MOST_ENVIRONMENT = 6 * MIB
const MOST_COMMAND = 2 * MIB - 0x1000
/** Where in the memory: words to remember, the texts of the files, pointers to their parts, a path to try. Only what is used takes any. */
const OWN_END = 0
const VARIABLES_END = 8
const INHERITED = 16
const FAILURE = 24
const ENVIRONMENT_TEXT = MIB
const COMMAND_TEXT = 8 * MIB
const VARIABLES = 10 * MIB
const ARGUMENTS = 34 * MIB
const CANDIDATE = 51 * MIB
const MEMORY_BYTES = 52 * MIB

const MEMORY = 'r0'
const EQUALS = 0x3d
const SLASH = 0x2f
const COLON = 0x3a
const DOT = 0x2e
/** The four bytes before the `=`. */
const PATH = Buffer.from('PATH').readUInt32LE()

const ENOENT = -2
const E2BIG = -7
const ENOEXEC = -8
const EACCES = -13
const ENOTDIR = -20
/** What is said, as Docker's runtime would, and the exit code, as a shell's. */
const FAILURES = [
  { name: 'notInPath', text: '": executable file not found in $PATH\n', exitCode: 127 },
  { name: 'missing', errno: ENOENT, text: '": no such file or directory\n', exitCode: 127 },
  { name: 'denied', errno: EACCES, text: '": permission denied\n', exitCode: 126 },
  { name: 'format', errno: ENOEXEC, text: '": exec format error\n', exitCode: 126 },
  { name: 'tooLong', errno: E2BIG, text: '": argument list too long\n', exitCode: 126 },
  { name: 'failed', text: '": cannot be executed\n', exitCode: 126 },
] as const
const QUOTE = 'exec: "'
const UNREADABLE = 'exec: the Secrets of this container cannot be read\n'

/**
 * `run [COMMAND ARGUMENT...]`: becomes that command, or that of the file `command`, with what `environment` says beside what it
 * was given. So Secrets come to a process from memory, and the container runtime, which keeps on disk what it is told of
 * a container, is not told. The files hold texts, each with a 0 at its end.
 *
 *   own = the texts of environment
 *   variables = own, and those of envp that have no name of own
 *   arguments = argc > 1 ? argv + 1 : the texts of command
 *   arguments[0] has a slash: execve(arguments[0], arguments, variables)
 *   else for each directory of PATH in variables: execve(directory/arguments[0], arguments, variables)
 *   write(2, why not); exit_group(126 or 127)
 */
export function secretsProgram(architecture: Architecture, directory = SECRETS_DIRECTORY): Buffer {
  return program(architecture, (code) => {
    code.syscall('mmap', 0, MEMORY_BYTES, PROT_READ_WRITE, MAP_MEMORY, -1, 0).jumpIf('result', 'less', 0, 'unreadable')
    code.move(MEMORY, 'result')
    readTexts(code, 'environment', ENVIRONMENT_TEXT, MOST_ENVIRONMENT, VARIABLES)
    inheritVariables(code)
    chooseCommand(code)
    execute(code)
    searchPath(code)
    fail(code)
    for (const name of ['environment', 'command'] as const) {
      code.label(`${name}File`).data(Buffer.from(`${directory}/${SECRETS_FILES[name]}\0`))
    }
  })
}

/** The file's text to one place of the memory, pointers to its parts to another; leaves the end of these in `r4`. */
function readTexts(code: MachineCode, file: string, text: number, most: number, pointers: number): void {
  const [fd, at, left, pointer, letter] = ['r1', 'r2', 'r3', 'r4', 'r5'] as const
  const end = fd
  code.addressOf(at, `${file}File`).syscall('openat', AT_FDCWD, at, CLOSED_BY_EXEC, 0)
  code.jumpIf('result', 'less', 0, 'unreadable').move(fd, 'result')
  code.set(at, text).add(at, MEMORY).set(left, most)
  code.label(`${file}Read`).syscall('read', fd, at, left).jumpIf('result', 'less', 0, 'unreadable')
  code.add(at, 'result').subtract(left, 'result').jumpIf(left, 'equal', 0, 'unreadable')
  code.jumpIf('result', 'notEqual', 0, `${file}Read`)

  code.move(end, at).set(at, text).add(at, MEMORY).set(pointer, pointers).add(pointer, MEMORY)
  code.label(`${file}Text`).jumpIf(at, 'notLess', end, `${file}Done`).store(at, pointer, 0, 64).add(pointer, 8)
  code.label(`${file}Letter`).load(letter, at, 0, 8).add(at, 1).jumpIf(letter, 'notEqual', 0, `${file}Letter`)
  code.jump(`${file}Text`).label(`${file}Done`)
}

/** The arguments are on the stack: their number, the program's name, they and a 0; then the variables and a 0. */
function inheritVariables(code: MachineCode): void {
  const [variable, own, ownAt, at, letter] = ['r1', 'r2', 'r3', 'r4', 'r5'] as const
  const [end, ownLetter] = [at, 'result'] as const
  code.store(end, MEMORY, OWN_END, 64).store(end, MEMORY, VARIABLES_END, 64)
  code.load(letter, 'stack', 0, 64).multiply(letter, 8).move(at, 'stack').add(at, letter).add(at, 16)
  code.store(at, MEMORY, INHERITED, 64)
  code.label('inherited').load(at, MEMORY, INHERITED, 64).load(variable, at, 0, 64).add(at, 8)
  code.store(at, MEMORY, INHERITED, 64).jumpIf(variable, 'equal', 0, 'complete').set(own, VARIABLES).add(own, MEMORY)
  code.label('compare').load(at, MEMORY, OWN_END, 64).jumpIf(own, 'equal', at, 'keep')
  code.load(ownAt, own, 0, 64).add(own, 8).move(at, variable)
  code
    .label('letter')
    .load(letter, at, 0, 8)
    .load(ownLetter, ownAt, 0, 8)
    .jumpIf(letter, 'notEqual', ownLetter, 'compare')
  code.jumpIf(letter, 'equal', EQUALS, 'inherited').jumpIf(letter, 'equal', 0, 'compare')
  code.add(at, 1).add(ownAt, 1).jump('letter')
  code.label('keep').load(at, MEMORY, VARIABLES_END, 64).store(variable, at, 0, 64).add(at, 8)
  code.store(at, MEMORY, VARIABLES_END, 64).jump('inherited').label('complete')
}

const COMMAND = 'r1'
const NAME = 'r2'

function chooseCommand(code: MachineCode): void {
  const count = 'r5'
  code.load(count, 'stack', 0, 64).jumpIf(count, 'greater', 1, 'given')
  readTexts(code, 'command', COMMAND_TEXT, MOST_COMMAND, ARGUMENTS)
  code.set(COMMAND, ARGUMENTS).add(COMMAND, MEMORY).jump('chosen')
  code.label('given').move(COMMAND, 'stack').add(COMMAND, 16)
  code.label('chosen').load(NAME, COMMAND, 0, 64).jumpIf(NAME, 'equal', 0, 'unreadable')
}

/** Where its name is a path. */
function execute(code: MachineCode): void {
  const [at, letter, variables] = ['r3', 'r4', 'r5'] as const
  code.set(variables, VARIABLES).add(variables, MEMORY).move(at, NAME)
  code.label('isPath').load(letter, at, 0, 8).add(at, 1).jumpIf(letter, 'equal', 0, 'search')
  code.jumpIf(letter, 'notEqual', SLASH, 'isPath').syscall('execve', NAME, COMMAND, variables).jump('reason')
}

/** An empty directory is the working directory. One that has no such file, or none that may be run, leads to the next. */
function searchPath(code: MachineCode): void {
  const [at, to, letter] = ['r3', 'r4', 'r5'] as const
  const nameAt = 'result'
  code.label('search').set(letter, ENOENT).store(letter, MEMORY, FAILURE, 64).set(to, VARIABLES).add(to, MEMORY)
  code.label('variable').load(at, to, 0, 64).add(to, 8).jumpIf(at, 'equal', 0, 'notInPath')
  code.load(letter, at, 0, 32).jumpIf(letter, 'notEqual', PATH, 'variable')
  code.load(letter, at, 4, 8).jumpIf(letter, 'notEqual', EQUALS, 'variable').add(at, 5)

  code.label('directory').set(to, CANDIDATE).add(to, MEMORY).load(letter, at, 0, 8)
  code.jumpIf(letter, 'equal', COLON, 'here').jumpIf(letter, 'notEqual', 0, 'copy')
  code.label('here').set(letter, DOT).store(letter, to, 0, 8).add(to, 1)
  code
    .label('copy')
    .load(letter, at, 0, 8)
    .jumpIf(letter, 'equal', COLON, 'copied')
    .jumpIf(letter, 'equal', 0, 'copied')
  code.store(letter, to, 0, 8).add(at, 1).add(to, 1).jump('copy')
  code.label('copied').set(letter, SLASH).store(letter, to, 0, 8).add(to, 1).move(nameAt, NAME)
  code.label('name').load(letter, nameAt, 0, 8).store(letter, to, 0, 8).add(nameAt, 1).add(to, 1)
  code.jumpIf(letter, 'notEqual', 0, 'name')

  code.set(to, CANDIDATE).add(to, MEMORY).set(letter, VARIABLES).add(letter, MEMORY)
  code.syscall('execve', to, COMMAND, letter).jumpIf('result', 'equal', ENOENT, 'next')
  code.jumpIf('result', 'equal', ENOTDIR, 'next').jumpIf('result', 'notEqual', EACCES, 'reason')
  code.store('result', MEMORY, FAILURE, 64)
  code.label('next').load(letter, at, 0, 8).add(at, 1).jumpIf(letter, 'notEqual', 0, 'directory')
  code.load('result', MEMORY, FAILURE, 64).jumpIf('result', 'equal', ENOENT, 'notInPath')
}

/** `result` says why. */
function fail(code: MachineCode): void {
  const [text, end, letter] = ['r3', 'r4', 'r5'] as const
  code.label('reason')
  for (const failure of FAILURES) if ('errno' in failure) code.jumpIf('result', 'equal', failure.errno, failure.name)
  code.jump('failed')
  for (const { name, text: why, exitCode } of FAILURES) {
    code.label(name).addressOf(text, 'quote').syscall('write', STDERR, text, QUOTE.length).move(end, NAME)
    code.label(`${name}Name`).load(letter, end, 0, 8).add(end, 1).jumpIf(letter, 'notEqual', 0, `${name}Name`)
    code.subtract(end, NAME).subtract(end, 1).syscall('write', STDERR, NAME, end)
    code.addressOf(text, `${name}Text`).syscall('write', STDERR, text, why.length).syscall('exit_group', exitCode)
  }
  code.label('unreadable').addressOf(text, 'unreadableText').syscall('write', STDERR, text, UNREADABLE.length)
  code.syscall('exit_group', 126)
  code.label('quote').data(Buffer.from(QUOTE)).label('unreadableText').data(Buffer.from(UNREADABLE))
  for (const { name, text: why } of FAILURES) code.label(`${name}Text`).data(Buffer.from(why))
}
