import type { Command } from 'commander'

/** All commands, by name. Each is loaded alone: the control plane's code, for example, would stay in every agent's memory. */
export const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  up: async () => (await import('./commands/up.ts')).addUpCommand,
  server: async () => (await import('./commands/server.ts')).addServerCommand,
  agent: async () => (await import('./commands/agent.ts')).addAgentCommand,
  token: async () => (await import('./commands/token.ts')).addTokenCommand,
  backup: async () => (await import('./commands/backup.ts')).addBackupCommand,
  restore: async () => (await import('./commands/restore.ts')).addRestoreCommand,
  down: async () => (await import('./commands/down.ts')).addDownCommand,
}
