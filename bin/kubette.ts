import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { CommandFailure } from './command-failure.ts'
import { addAgentCommand } from './commands/agent.ts'
import { addBackupCommand } from './commands/backup.ts'
import { addDownCommand } from './commands/down.ts'
import { addRestoreCommand } from './commands/restore.ts'
import { addServerCommand } from './commands/server.ts'
import { addTokenCommand } from './commands/token.ts'
import { addUpCommand } from './commands/up.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

// What is kept holds keys and Secrets: it is for its owner alone.
process.umask(0o077)

const program = new Command('kubette')
  .description('Kubernetes Pods and Deployments on the Docker you already have.')
  .version(version, '-V, --version')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'kubette: ')) })
  .showSuggestionAfterError(false)

addUpCommand(program)
addServerCommand(program, version)
addAgentCommand(program, version)
addTokenCommand(program)
addBackupCommand(program)
addRestoreCommand(program)
addDownCommand(program)
program
  .command('version')
  .description('Print the version.')
  .action(() => console.log(`kubette ${version}`))

try {
  await program.parseAsync()
} catch (error) {
  // At once: a channel to a supervisor, or what a failed start left open, would keep the process.
  process.exit(exitCodeOf(error))
}

/** 2 for wrong arguments, 1 for what went wrong; a defect is thrown on, with its stack. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof CommandFailure)) throw error
  console.error(`kubette: ${error.message}`)
  return error.exitCode
}
