import { Command, CommanderError } from 'commander'
import { CommandFailure } from './command-failure.ts'
import { COMMANDS } from './commands.ts'
import { VERSION } from './installation.ts'

// What is kept holds keys and Secrets: it is for its owner alone.
process.umask(0o077)

const program = new Command('kubette')
  .description('Kubernetes Pods and Deployments on the Docker you already have.')
  .version(VERSION, '-V, --version')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'kubette: ')) })
  .showSuggestionAfterError(false)

const [name = ''] = process.argv.slice(2)
// Only the one that is asked for is loaded.
const wanted = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS)
for (const load of wanted) (await load?.())?.(program)
program
  .command('version')
  .description('Print the version.')
  .action(() => console.log(`kubette ${VERSION}`))

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
