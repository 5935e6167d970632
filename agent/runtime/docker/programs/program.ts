import { Amd64Code } from './amd64-code.ts'
import { Arm64Code } from './arm64-code.ts'
import { type Architecture, elfExecutable } from './elf-executable.ts'
import type { MachineCode } from './machine-code.ts'

/** An executable of what is written once for all architectures. */
export function program(architecture: Architecture, write: (code: MachineCode) => void): Buffer {
  const code = architecture === 'amd64' ? new Amd64Code() : new Arm64Code()
  write(code)
  return elfExecutable(architecture, code.build())
}
